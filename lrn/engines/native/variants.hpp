// What a variant of the kernel does for the module: it trains fleets, and networks that classify images.
#pragma once
#include "cnn/job.hpp"
#include "job.hpp"

#include <atomic>

namespace lrn {

// A job that the threads of a processor share.
template <class R> struct SharedJob : Job<R> {
  int vectors;              // of networks that a thread takes at a time, a batch (batch.hpp)
  std::atomic<long> *next;  // the next batch to take
  std::atomic<long> *done;  // networks finished
  std::atomic<bool> *cancelled;
};

// Works on batches until none is left.
template <class R> using Worker = void (*)(const SharedJob<R> &);
struct Variant {
  const char *name;
  int lanes;
  bool fused; // has a fused multiply-add: all such variants agree to the bit
  Worker<float> work;
  Worker<double> work64;
  void (*classify)(const ImageJob<float> &);
  void (*classify64)(const ImageJob<double> &);
};

} // namespace lrn
