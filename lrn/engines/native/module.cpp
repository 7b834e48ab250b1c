// The Python face of the native engine: how to train a fleet. Shares the work among threads, listens for Ctrl-C.
#define LRN_NAMESPACE lrn_module
#include "boundary.hpp"
#include "fleet.hpp"
#include "philox.hpp"

#include <nanobind/stl/vector.h>

void define_classify(nb::module_ &);

namespace {

using namespace lrn;

// Vectors of networks that change places, and the memory of their parameters and moments.
constexpr long largest_batch = 32, batch_bytes = 1 << 26;

template <class Option> Choice<Option> option(Arguments &arguments, const char *name, Option last) {
  return {arguments.number(name, 0, long(last))};
}

// The options of an experiment and its numbers.
template <class R> void read_experiment(Arguments &arguments, Job<R> &job) {
  job.depth = arguments.number("depth", 1, largest_size);
  job.width = arguments.number("width", 1, largest_size);
  job.epochs = arguments.number("epochs", 1, largest_epochs);
  job.connection = option(arguments, "connection", Connection::residual);
  job.optimizer = option(arguments, "optimizer", Optimizer::adamw);
  job.activation = option(arguments, "activation", Activation::elu);
  job.initial_weights = option(arguments, "initial_weights", Initial::he);
  job.norm = option(arguments, "norm", Norm::batch);
  job.iterative = arguments.get<bool>("iterative", "True or False");
  check(!(job.norm == Norm::batch && job.iterative), "norm must be 0 where training is iterative; got 1");
  job.lr = arguments.positive("lr");
  job.target_scale = arguments.positive("target_scale");
  job.threshold = arguments.positive("threshold");
}

// What all networks train on. Sizes are taken from the arrays, so that nothing is read beyond them.
template <class R> void read_data(Arguments &arguments, Job<R> &job) {
  const auto x = arguments.array<const R>("x"), t = arguments.array<const R>("t");
  check(x.ndim() == 2 && t.ndim() == 2 && x.shape(0) == t.shape(0), "x (N, F) and t (N, O) must have as many rows");
  job.samples = long(x.shape(0));
  job.features = long(x.shape(1));
  job.outputs = long(t.shape(1));
  check_number("samples", job.samples, 1, largest_size);
  check_number("features", job.features, 1, largest_size);
  check_number("outputs", job.outputs, 1, largest_size);
  check_number("samples times the widest of features, width and outputs",
               job.samples * std::max({job.features, job.width, job.outputs}), 1, INT_MAX);
  job.x = x.data();
  job.t = t.data();
}

// Seeds, initial weights, and the memory of the results.
template <class R> void read_networks(Arguments &arguments, Job<R> &job) {
  job.count = long(arguments.array<const std::uint64_t>("seeds").size());
  const long S = job.count, P = lrn_module::parameter_count(job);
  job.seeds = reinterpret_cast<const unsigned long long *>(arguments.array<const std::uint64_t>("seeds", {S}));
  job.initial = arguments.array_or_none<const R>("initial", {S, P});
  job.rmse = arguments.array<R>("rmse", {S});
  job.rmse_initial = arguments.array<R>("rmse_initial", {S});
  job.converged_at = arguments.array<std::int32_t>("converged_at", {S});
  job.dead = arguments.array<std::uint8_t>("dead", {S, job.depth, job.width});
  job.prediction = arguments.array<R>("prediction", {S, job.samples * job.outputs});
  job.parameters = arguments.array_or_none<R>("parameters", {S, P});
  job.trace = arguments.array_or_none<R>("trace", {S, job.epochs});
}

// More vectors per batch sort better. But every thread should have a batch, and the memory of parameters and moments is
// bounded.
template <class R> int vectors_of_batch(const Job<R> &job, long lanes, long threads) {
  if (!lrn_module::gains_from_order(job) || lanes == 1) return 1;
  const long share = job.count / (threads * lanes);
  const long room = batch_bytes / (3 * lrn_module::parameter_count(job) * lanes * long(sizeof(R)));
  return int(std::clamp(std::min(share, room), 1L, largest_batch));
}

template <class R> void train(const std::string &variant_name, nb::kwargs values) {
  const Variant &variant = named(variant_name);
  Arguments arguments(values);
  SharedJob<R> job{};
  read_experiment(arguments, job);
  read_data(arguments, job);
  read_networks(arguments, job);
  const long most_threads = arguments.number("threads", 1, largest_threads);
  const auto progress = arguments.get<Progress>("progress", "a function or None");
  arguments.end();
  // Everything is checked before the first array is written, also where there is nothing to train.
  if (job.count == 0) return;

  const int threads = int(std::min<long>(most_threads, job.count));
  std::atomic<long> next{0}, done{0};
  std::atomic<bool> cancelled{false}, exhausted{false};
  job.vectors = vectors_of_batch(job, variant.lanes, threads);
  job.next = &next;
  job.done = &done;
  job.cancelled = &cancelled;
  const auto work = [&] {
    try {
      if constexpr (std::is_same_v<R, float>) variant.work(job);
      else variant.work64(job);
    } catch (const std::bad_alloc &) {
      // No exception may leave a thread. The others stop as if cancelled, and the caller gets a MemoryError.
      cancelled = exhausted = true;
    }
  };
  const auto report = [&] {
    if (progress) (*progress)(done.load());
  };
  run_threads(threads, work, cancelled, report);
  if (exhausted) {
    PyErr_Format(PyExc_MemoryError, "training networks of %ld parameters takes more memory than there is",
                 lrn_module::parameter_count(job));
    throw nb::python_error();
  }
}

} // namespace

NB_MODULE(_native, m) {
  m.def("variants", [] {
    nb::list rows;
    for (const Variant *variant : usable()) rows.append(nb::make_tuple(variant->name, variant->lanes, variant->fused));
    return rows;
  });
  m.attr("source_hash") = LRN_SOURCE_HASH;
  m.def("train_float32", &train<float>);
  m.def("train_float64", &train<double>);
  define_classify(m);
  Ending::prepare();
}
