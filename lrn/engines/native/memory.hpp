// Memory for the numbers of a vector of networks, aligned to the longest vectors.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace LRN_NAMESPACE {

template <class V> struct Free { void operator()(V *p) const { std::free(p); } };
template <class V> using Memory = std::unique_ptr<V[], Free<V>>;

// Not set to anything: whoever takes it sets what is read, and pages that are never touched cost nothing. Much memory is
// asked for in huge pages, where the system has them: it is handed out faster, and the processor finds its way to it without
// looking up a page for every few numbers.
template <class V> Memory<V> allocate(long cells) {
  // A line of the cache is also the longest vector, and loads of aligned vectors never straddle two lines.
  constexpr long line = 64, huge_page = 1 << 21;
  const long bytes = cells * long(sizeof(V)), unit = bytes >= huge_page / 2 ? huge_page : line;
  const long size = (bytes + unit - 1) / unit * unit;
  Memory<V> memory(static_cast<V *>(std::aligned_alloc(unit, size)));
  if (!memory) throw std::bad_alloc();
#if defined(__linux__)
  if (unit == huge_page) madvise(memory.get(), size, MADV_HUGEPAGE);
#endif
  return memory;
}

} // namespace LRN_NAMESPACE
