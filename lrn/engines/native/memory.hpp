// Memory for the numbers of a vector of networks, aligned to the longest vectors.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>

namespace LRN_NAMESPACE {

template <class V> struct Free { void operator()(V *p) const { std::free(p); } };
template <class V> using Memory = std::unique_ptr<V[], Free<V>>;

// Not set to anything.
template <class V> Memory<V> allocate(long cells) {
  Memory<V> memory(static_cast<V *>(std::aligned_alloc(64, (cells * sizeof(V) + 63) / 64 * 64)));
  if (!memory) throw std::bad_alloc();
  return memory;
}

} // namespace LRN_NAMESPACE
