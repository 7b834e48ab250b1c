// A fleet to train: one experiment, its seeds, and where the results go. Read by processors and, compiled by another
// compiler, by GPUs. So all fields have 8 bytes, and both lay them out alike.
//
// This is the one description of a job. Python's table of jobs for GPUs (cuda/_program.py) repeats the names, and
// tests/engines/test_cuda.py compares them.
#pragma once
#include "options.hpp"

namespace lrn {

using Integer = long long;

// An option, as wide as the numbers around it.
template <class Option> struct Choice {
  Integer value;
#if defined(__CUDACC__)
  __device__
#endif
  operator Option() const { return Option(value); }
};

// What to train is as lrn.experiment describes it. Arrays are C-contiguous; their axes are S networks, D layers, W neurons
// of a layer, N samples, F features, O outputs and P parameters.
template <class R> struct Job {
  Integer features, outputs, samples, depth, width, epochs;
  Choice<Connection> connection;
  Choice<Optimizer> optimizer;
  Choice<Activation> activation;
  Choice<Initial> initial_weights;
  Choice<Norm> norm;
  Integer iterative;                 // whether an epoch trains on one sample, or on all
  Integer count;                     // S
  double lr;
  double target_scale;             // by which an RMSE of standardised targets becomes one in original units
  double threshold;                // in original units: a network has converged while its RMSE is at most this
  const R *x, *t;                  // (N, F), (N, O): samples and targets, standardised
  const unsigned long long *seeds; // (S,)
  const R *initial;                // (S, P) or null: weights are drawn from the seeds
  R *rmse, *rmse_initial;          // (S,) of all samples, after the last epoch and before the first
  int *converged_at;               // (S,) the first epoch from which the RMSE stays at most the threshold until the end, or -1
  unsigned char *dead;             // (S, D, W) whether a neuron is zero on every sample at the end
  R *prediction;                   // (S, N, O) standardised
  R *parameters;                   // (S, P) or null
  R *trace;                        // (S, epochs) or null: the RMSE of the samples that an epoch trains on, before its step
};

} // namespace lrn
