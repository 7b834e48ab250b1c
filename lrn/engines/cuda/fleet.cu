// A fleet on a GPU: the body of this kernel is the native engine's source with a plain number for a vector. One network
// a thread, 32 networks a block; blocks take the next 32 until none is left, so memory is bounded by what runs at once.
//
// Compiled at run time, once for each LRN_REAL, LRN_ACTIVATION, LRN_OPTIMIZER, LRN_LATE, LRN_WIDTH and LRN_SAMPLES; with
// width 0 it trains networks of any kind.
#define LRN_NAMESPACE lrn_cuda
#include "general.hpp"
#include "held.hpp"
#include "network.hpp"
#include "philox.hpp"

namespace lrn_cuda {

using R = LRN_REAL;
using i64 = long long;
constexpr int lanes = 32;
constexpr unsigned everyone = 0xffffffffu;

// One experiment, its seeds, and where the results go: lrn::Job (native/job.hpp), with numbers of one width, for another
// compiler lays out this copy. The same fields in the same order as JOB in _program.py.
template <class E> struct Choice { // as wide as the numbers around it
  i64 value;
  __device__ operator E() const { return E(value); }
};
struct Job {
  i64 features, outputs, samples, depth, width, epochs;
  Choice<Connection> connection;
  Choice<Optimizer> optimizer;
  Choice<Activation> activation;
  Choice<lrn::Initial> initial_weights;
  Choice<Norm> norm;
  i64 iterative, count; // S
  double lr, target_scale, threshold;
  const R *x, *t, *adam_step, *adam_root;      // (N, F), (N, O), standardised; (epochs,)
  const unsigned long long *seeds;             // (S,)
  const R *initial;                            // (S, P) or null: drawn from the seeds
  const i64 *order;                            // (S,) which network trains in which lane, or null: as they come
  R *rmse, *rmse_initial;                      // (S,)
  int *converged_at, *settled;                 // (S,); settled or null
  unsigned char *dead;                         // (S, D, W)
  R *prediction, *parameters, *trace;          // (S, N, O), standardised; (S, P) or null; (S, epochs) or null
};
static_assert(sizeof(Job) == LRN_JOB_BYTES);

// Shared by the blocks of a launch and watched from outside.
struct Progress { int next, done, cancelled; };

#if LRN_WIDTH
using Memorised = Network<R, LRN_ACTIVATION, Optimizer::LRN_OPTIMIZER, LRN_LATE, LRN_WIDTH>;
#else
using Memorised = GeneralNetwork<R, 0>;
#endif
#if LRN_SAMPLES
using Net = HeldNetwork<R, LRN_ACTIVATION, Optimizer::LRN_OPTIMIZER, LRN_LATE, LRN_WIDTH, LRN_SAMPLES>;
#else
using Net = Memorised;
#endif

// Everything zero, with the weights and the inputs in place.
__device__ Fleet<R> load(const Job &job, i64 network, R *workspace) {
  const long P = parameter_count(job);
  R *const start = workspace + threadIdx.x, *next = start;
  const Fleet<R> fleet = fleet_of<R>(job, P, [&](long n) {
    const Cells<R> cells{next};
    next += n * lanes;
    return cells;
  });
  for (R *cell = start; cell != next; cell += lanes) *cell = 0;
  if (job.initial)
    for (long p = 0; p < P; ++p) fleet.weights[p] = flushed(job.initial[network * P + p]);
  else
    draw<R>(job, job.seeds[network], [&](long p, R value) { fleet.weights[p] = value; });
  for (long k = 0; k < job.samples * job.features; ++k) fleet.input[k] = job.x[k];
  return fleet;
}

__device__ bool dead(const Fleet<R> &f, const Job &job, long l, long j) {
  for (long n = 0; n < job.samples; ++n)
    if (f.fired[(l * job.samples + n) * job.width + j] != 0) return false;
  return true;
}

// Right after initialisation only: a dead layer of a plain network then settles all layers below it, as far as their weights
// have never moved.
__device__ int settled_layers(const Fleet<R> &f, const Job &job) {
  for (int l = int(job.depth); l > 0; --l) {
    bool all = true;
    for (long j = 0; j < job.width; ++j) all = all && dead(f, job, l - 1, j);
    if (all) return l;
  }
  return 0;
}

__device__ void store(const Fleet<R> &f, const Job &job, i64 s, const Outcome<R> &outcome) {
  const long N = job.samples, W = job.width, D = job.depth, NO = N * job.outputs, P = parameter_count(job);
  job.rmse[s] = one_nan(outcome.rmse);
  job.rmse_initial[s] = one_nan(outcome.rmse_initial);
  job.converged_at[s] = int(outcome.since);
  for (long k = 0; k < NO; ++k) job.prediction[s * NO + k] = one_nan(f.output[k]);
  for (long l = 0; l < D; ++l)
    for (long j = 0; j < W; ++j) job.dead[(s * D + l) * W + j] = dead(f, job, l, j);
  if (job.parameters)
    for (long p = 0; p < P; ++p) job.parameters[s * P + p] = one_nan(f.weights[p]);
}

__device__ void train_network(const Job &job, i64 lane_of_job, R *workspace, Progress *progress) {
  // The threads of a warp decide together (`all_zero`), so one without a network would keep the others waiting.
  const bool spare = lane_of_job >= job.count; // trains the last network once more, and keeps quiet about it
  const i64 lane = spare ? job.count - 1 : lane_of_job, s = job.order ? job.order[lane] : lane;
  const Task<R> task = task_of<R>(job, job.adam_step, job.adam_root);
  const Fleet<R> fleet = load(job, s, workspace);
  Net network(task, fleet);
  Outcome<R> outcome;
  const bool finished = train<R>(
      network, outcome, 0, task.epochs,
      [&](int epoch) {
        return epoch % 32 || !__any_sync(everyone, *static_cast<volatile int *>(&progress->cancelled));
      },
      [&](int epoch, R rmse) {
        if (job.trace && !spare) job.trace[s * job.epochs + epoch] = one_nan(rmse);
      });
  if (finished) finish(network, outcome);
  if (!finished || spare) return;
  store(fleet, job, s, outcome);
  atomicAdd(&progress->done, 1);
}

// How many layers lie below the last one that starts dead: networks alike in that train side by side.
__device__ void survey_network(const Job &job, i64 lane, R *workspace) {
  const i64 s = lane < job.count ? lane : job.count - 1;
  const Task<R> task = task_of<R>(job, job.adam_step, job.adam_root);
  const Fleet<R> fleet = load(job, s, workspace);
  Memorised(task, fleet).predict();
  job.settled[s] = settled_layers(fleet, job);
}

// Hands every block 32 networks of one job after another; `units` (U, 2): a job and the first of its networks.
template <class Work> __device__ void each_unit(const Job *jobs, const i64 *units, i64 count, Progress *progress, Work work) {
  for (;;) {
    int unit = 0;
    // One thread takes the next unit for all 32.
    if (threadIdx.x == 0) unit = atomicAdd(&progress->next, 1);
    unit = __shfl_sync(everyone, unit, 0);
    if (unit >= count || *static_cast<volatile int *>(&progress->cancelled)) return;
    work(jobs[units[2 * unit]], units[2 * unit + 1] + threadIdx.x);
  }
}

} // namespace lrn_cuda

using namespace lrn_cuda;

extern "C" __global__ void __launch_bounds__(lanes, LRN_RESIDENT)
fleet_train(const Job *jobs, const i64 *units, i64 count, Progress *progress, R *workspace, i64 cells) {
  each_unit(jobs, units, count, progress, [&](const Job &job, i64 lane) {
    train_network(job, lane, workspace + blockIdx.x * cells * lanes, progress);
  });
}

extern "C" __global__ void __launch_bounds__(lanes)
fleet_survey(const Job *jobs, const i64 *units, i64 count, Progress *progress, R *workspace, i64 cells) {
  each_unit(jobs, units, count, progress,
            [&](const Job &job, i64 lane) { survey_network(job, lane, workspace + blockIdx.x * cells * lanes); });
}
