// What the Python side hands to a variant of the kernel: one experiment, its seeds, and where the results go.
#pragma once
#include "cnn/job.hpp"
#include "options.hpp"

#include <atomic>
#include <cstdint>

namespace lrn {

template <class R> struct Job {
  int features, outputs, samples, depth, width, epochs;
  bool iterative;
  Connection connection;
  Optimizer optimizer;
  Activation activation;
  Initial initial_weights;
  Norm norm;
  double lr, target_scale, threshold;
  const R *x, *t;               // (N, F), (N, O), standardised
  long count;                   // S
  const std::uint64_t *seeds;   // (S,)
  const R *initial;             // (S, P) or null: drawn from the seeds

  R *rmse, *rmse_initial;       // (S,)
  std::int32_t *converged_at;   // (S,)
  std::uint8_t *dead;           // (S, D, W)
  R *prediction;                // (S, N, O), standardised
  R *parameters, *trace;        // (S, P), (S, epochs) or null

  int vectors;                  // of networks that a thread takes at a time (batch.hpp)
  std::atomic<long> *next, *done; // such batches: the next to take; networks finished
  std::atomic<bool> *cancelled;
};

// Works on batches until none is left; threads share one job.
template <class R> using Worker = void (*)(const Job<R> &);
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
