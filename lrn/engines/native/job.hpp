// What the Python side hands to a variant of the kernel: one experiment, its seeds, and where the results go.
#pragma once
#include "cnn/job.hpp"
#include "options.hpp"

#include <atomic>
#include <cstdint>

namespace lrn {

// What to train is as lrn/experiment.py describes it; arrays are C-contiguous, their axes as in fleet.hpp, with S networks.
// Whatever writes, reads or checks a job (module.cpp, batch.hpp, cuda/fleet.cu, cuda/_program.py) has these fields, and only
// what differs is described there.
//
//   x, t             standardised samples and targets
//   target_scale     by which an RMSE of standardised targets becomes one in original units
//   threshold        in original units: a network has converged while its RMSE is at most this
//   rmse             after the last epoch, of all samples; `rmse_initial`: before the first
//   converged_at     the first epoch from which the RMSE stays at or below the threshold until the end, or -1
//   dead             whether a neuron is zero on every sample at the end
//   trace            the RMSE over the samples that each epoch trains on, before its step
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
