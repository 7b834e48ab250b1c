// The CUDA engine's kernels as functions of a processor.
#include "cuda.hpp"
#include "fleet.cu" // before any header of the standard library, which NVRTC does not have
#include "warps.hpp"

// One launch, with the arguments of fleet_train and fleet_survey. Returns null, or what went wrong.
extern "C" const char *launch(bool survey, unsigned blocks, const Job *jobs, const i64 *units, i64 count, Progress *progress,
                              R *workspace, i64 cells) {
  const auto kernel = survey ? fleet_survey : fleet_train;
  return warps::run(blocks, [=] { kernel(jobs, units, count, progress, workspace, cells); });
}
