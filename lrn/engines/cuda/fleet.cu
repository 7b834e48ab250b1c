// A fleet on a GPU: the body of this kernel is the native engine's source with a plain number for a vector. One network
// per thread, 32 networks per block; blocks take the next 32 until none is left, so memory is bounded by what runs at once.
//
// A single fleet seldom fills a GPU, so the jobs of several experiments share a launch. One thread trains a whole network:
// small fleets of wide networks are faster on the CPU.
//
// Compiled at run time, once for each LRN_REAL, LRN_ACTIVATION, LRN_OPTIMIZER, LRN_LATE, LRN_WIDTH and LRN_SAMPLES; with
// width 0 it trains networks of any kind.
#define LRN_NAMESPACE lrn_cuda
#include "general.hpp"
#include "held.hpp"
#include "job.hpp"
#include "network.hpp"
#include "philox.hpp"

namespace lrn_cuda {

using R = LRN_REAL;
using i64 = long long;
constexpr int lanes = 32;
constexpr unsigned everyone = 0xffffffffu;

// What a GPU is told besides: bias corrections that the host computes, and the order in which networks share warps.
struct Job : lrn::Job<R> {
  const R *adam_step, *adam_root; // (epochs,)
  const i64 *order;               // (S,) which network trains in which lane, or null: as they come
  int *settled;                   // (S,) or null: what `fleet_survey` finds
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

__device__ bool dead(const Fleet<R> &fleet, const Job &job, long layer, long neuron) {
  for (long sample = 0; sample < job.samples; ++sample)
    if (fleet.fired[(layer * job.samples + sample) * job.width + neuron] != 0) return false;
  return true;
}

// Right after initialisation only: a dead layer of a plain network then settles all layers below it, as far as their weights
// have never moved.
__device__ int settled_layers(const Fleet<R> &fleet, const Job &job) {
  for (int layers = int(job.depth); layers > 0; --layers) {
    bool all = true;
    for (long neuron = 0; neuron < job.width; ++neuron) all = all && dead(fleet, job, layers - 1, neuron);
    if (all) return layers;
  }
  return 0;
}

__device__ void store(const Fleet<R> &fleet, const Job &job, i64 network, const Outcome<R> &outcome) {
  const long W = job.width, D = job.depth, predictions = job.samples * job.outputs, parameters = parameter_count(job);
  job.rmse[network] = one_nan(outcome.rmse);
  job.rmse_initial[network] = one_nan(outcome.rmse_initial);
  job.converged_at[network] = int(outcome.since);
  for (long k = 0; k < predictions; ++k) job.prediction[network * predictions + k] = one_nan(fleet.output[k]);
  for (long layer = 0; layer < D; ++layer)
    for (long neuron = 0; neuron < W; ++neuron)
      job.dead[(network * D + layer) * W + neuron] = dead(fleet, job, layer, neuron);
  if (!job.parameters) return;
  for (long p = 0; p < parameters; ++p) job.parameters[network * parameters + p] = one_nan(fleet.weights[p]);
}

__device__ void train_network(const Job &job, i64 lane_of_job, R *workspace, Progress *progress) {
  // The threads of a warp decide together (`all_zero`), so one without a network would keep the others waiting.
  const bool spare = lane_of_job >= job.count; // trains the last network once more, and keeps quiet about it
  const i64 lane = spare ? job.count - 1 : lane_of_job, index = job.order ? job.order[lane] : lane;
  const Task<R> task = task_of<R>(job, job.adam_step, job.adam_root);
  const Fleet<R> fleet = load(job, index, workspace);
  Net network(task, fleet);
  Outcome<R> outcome;
  const bool finished = train<R>(
      network, outcome, 0, task.epochs,
      [&](int epoch) {
        return epoch % 32 || !__any_sync(everyone, *static_cast<volatile int *>(&progress->cancelled));
      },
      [&](int epoch, R rmse) {
        if (job.trace && !spare) job.trace[index * job.epochs + epoch] = one_nan(rmse);
      });
  if (finished) finish(network, outcome);
  if (!finished || spare) return;
  store(fleet, job, index, outcome);
  atomicAdd(&progress->done, 1);
}

// How many layers lie below the last one that starts dead: networks alike in that train side by side.
__device__ void survey_network(const Job &job, i64 lane, R *workspace) {
  const i64 network = lane < job.count ? lane : job.count - 1;
  const Task<R> task = task_of<R>(job, job.adam_step, job.adam_root);
  const Fleet<R> fleet = load(job, network, workspace);
  Memorised(task, fleet).predict();
  job.settled[network] = settled_layers(fleet, job);
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
