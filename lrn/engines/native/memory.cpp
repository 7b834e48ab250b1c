// Keeps memory between trainings. The system sets each page to zero before it hands it out, which took up to a third of the
// time of short trainings. This file is compiled once, without special instructions, so all variants share the memory.
#define LRN_NAMESPACE lrn_memory
#include "memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <vector>

#include <pthread.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace lrn {

namespace {

#if defined(LRN_KEEPS_NO_MEMORY) // so that a sanitizer finds uses of memory that was given back
constexpr std::size_t most_kept = 0;
#else
constexpr std::size_t most_kept = std::size_t(96) << 20; // bytes
#endif

// A line of the cache is also the longest vector, and loads of aligned vectors never straddle two lines.
constexpr std::size_t line = 64, huge_page = std::size_t(1) << 21;

// Much memory is asked for in huge pages, where the system has them: it is handed out faster, and the processor finds its
// way to it without looking up a page for every few numbers.
std::size_t page_for(std::size_t bytes) { return bytes >= huge_page / 2 ? huge_page : line; }

void *from_the_system(std::size_t bytes) {
  void *const memory = std::aligned_alloc(page_for(bytes), bytes);
#if defined(__linux__)
  if (memory && page_for(bytes) == huge_page) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

// The blocks that wait, oldest first.
class Waiting {
public:
  // A child of a fork has none of its parent's other threads, one of which might have held this lock for good.
  Waiting() {
    pthread_atfork([] { waiting().mutex.lock(); }, [] { waiting().mutex.unlock(); }, [] { waiting().mutex.unlock(); });
  }

  // Never destroyed: when the interpreter ends, threads may still be training.
  static Waiting &waiting() {
    static Waiting &all = *new Waiting;
    return all;
  }

  // The smallest of those that are large enough. One that is twice as large waits for others; then there is none: null.
  Block take(std::size_t bytes) {
    std::lock_guard lock(mutex);
    auto best = blocks.end();
    for (auto block = blocks.begin(); block != blocks.end(); ++block)
      if (block->bytes >= bytes && block->bytes < 2 * bytes && (best == blocks.end() || block->bytes < best->bytes))
        best = block;
    if (best == blocks.end()) return {nullptr, 0};
    const Block found = *best;
    total -= found.bytes;
    blocks.erase(best);
    return found;
  }

  // Where all together would be too much, the oldest make room.
  void add(Block block) {
    std::lock_guard lock(mutex);
    blocks.push_back(block);
    total += block.bytes;
    while (total > most_kept) drop_oldest();
  }

  void drop_all() {
    std::lock_guard lock(mutex);
    while (!blocks.empty()) drop_oldest();
  }

private:
  void drop_oldest() {
    total -= blocks.front().bytes;
    std::free(blocks.front().memory);
    blocks.erase(blocks.begin());
  }

  std::mutex mutex;
  std::vector<Block> blocks;
  std::size_t total = 0; // bytes
};

} // namespace

Block take_memory(std::size_t bytes) {
  const std::size_t page = page_for(bytes), whole = std::max<std::size_t>(1, (bytes + page - 1) / page) * page;
  if (const Block block = Waiting::waiting().take(whole); block.memory) return block;
  void *memory = from_the_system(whole);
  if (!memory) {
    Waiting::waiting().drop_all();
    memory = from_the_system(whole);
  }
  if (!memory) throw std::bad_alloc();
  return {memory, whole};
}

void give_back_memory(Block block) noexcept {
  try {
    Waiting::waiting().add(block);
  } catch (const std::bad_alloc &) { // no room for another entry of the list
    std::free(block.memory);
  }
}

} // namespace lrn
