// Memory for the numbers of a vector of networks, aligned to the longest vectors.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace lrn {

// Memory, and how much of it there is: at least as much as was asked for.
struct Block {
  void *memory;
  std::size_t bytes;
};

// Memory that is given back is kept for the next training, up to a limit per process (memory.cpp).
// `take_memory` throws std::bad_alloc.
Block take_memory(std::size_t bytes);
void give_back_memory(Block block) noexcept;

} // namespace lrn

namespace LRN_NAMESPACE {

template <class V> struct GiveBack {
  std::size_t bytes = 0;
  void operator()(V *memory) const { lrn::give_back_memory({memory, bytes}); }
};
template <class V> using Memory = std::unique_ptr<V[], GiveBack<V>>;

// Uninitialised: it may hold the numbers of another training, so callers write every value before they read it.
template <class V> Memory<V> allocate(long cells) {
  const lrn::Block block = lrn::take_memory(cells * sizeof(V));
  return Memory<V>(static_cast<V *>(block.memory), GiveBack<V>{block.bytes});
}

} // namespace LRN_NAMESPACE
