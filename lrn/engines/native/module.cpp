// The Python face of the native engine: how to train a fleet. Shares the work among threads, listens for Ctrl-C.
#define LRN_NAMESPACE lrn_module
#include "boundary.hpp"
#include "fleet.hpp"
#include "philox.hpp"

void define_classify(nb::module_ &);

namespace {

using namespace lrn;

constexpr long largest_batch = 16, batch_bytes = 1 << 26; // vectors of networks that change places, and their memory

template <class R>
void train(const std::string &variant_name, int depth, int width, int epochs, int connection, int optimizer,
           int activation, int initial_weights, int norm, bool iterative, double lr, double target_scale, double threshold,
           Array<const R> x, Array<const R> t, Array<const std::uint64_t> seeds, std::optional<Array<const R>> initial,
           Array<R> rmse, Array<R> rmse_initial, Array<std::int32_t> converged_at, Array<std::uint8_t> dead,
           Array<R> prediction, std::optional<Array<R>> parameters, std::optional<Array<R>> trace, int threads, Progress progress) {
  const Variant &variant = named(variant_name);
  check_number("depth", depth, 1, largest_size);
  check_number("width", width, 1, largest_size);
  check_number("epochs", epochs, 1, largest_epochs);
  check_number("threads", threads, 1, largest_threads);
  check_number("connection", connection, 0, long(Connection::residual));
  check_number("optimizer", optimizer, 0, long(Optimizer::adamw));
  check_number("activation", activation, 0, long(Activation::elu));
  check_number("initial_weights", initial_weights, 0, long(Initial::he));
  check_number("norm", norm, 0, long(Norm::batch));
  check(!(norm && iterative), "norm must be 0 where training is iterative; got " + std::to_string(norm));
  check_positive("lr", lr);
  check_positive("target_scale", target_scale);
  check_positive("threshold", threshold);
  check(x.ndim() == 2 && t.ndim() == 2 && x.shape(0) == t.shape(0), "x (N, F) and t (N, O) must have as many rows");
  check_number("samples", long(x.shape(0)), 1, largest_size);
  check_number("features", long(x.shape(1)), 1, largest_size);
  check_number("outputs", long(t.shape(1)), 1, largest_size);
  check_number("samples times the widest of features, width and outputs",
               long(x.shape(0)) * std::max({long(x.shape(1)), long(width), long(t.shape(1))}), 1, INT_MAX);
  const long S = seeds.size();
  std::atomic<long> next{0}, done{0};
  std::atomic<bool> cancelled{false}, exhausted{false};
  Job<R> job{};
  job.features = x.shape(1);
  job.outputs = t.shape(1);
  job.samples = x.shape(0);
  job.depth = depth;
  job.width = width;
  job.epochs = epochs;
  job.connection = Connection(connection);
  job.optimizer = Optimizer(optimizer);
  job.activation = Activation(activation);
  job.initial_weights = Initial(initial_weights);
  job.norm = Norm(norm);
  job.iterative = iterative;
  job.vectors = 1;
  job.lr = lr;
  job.target_scale = target_scale;
  job.threshold = threshold;
  job.x = x.data();
  job.t = t.data();
  job.count = S;
  job.seeds = seeds.data();
  job.initial = initial ? initial->data() : nullptr;
  job.rmse = rmse.data();
  job.rmse_initial = rmse_initial.data();
  job.converged_at = converged_at.data();
  job.dead = dead.data();
  job.prediction = prediction.data();
  job.parameters = data(parameters);
  job.trace = data(trace);
  job.next = &next;
  job.done = &done;
  job.cancelled = &cancelled;
  check_shape("seeds", seeds, {S});
  check_shape("rmse", rmse, {S});
  check_shape("rmse_initial", rmse_initial, {S});
  check_shape("converged_at", converged_at, {S});
  check_shape("dead", dead, {S, depth, width});
  check_shape("prediction", prediction, {S, long(job.samples) * job.outputs});
  check_shape("trace", trace, {S, epochs});
  const long P = lrn_module::parameter_count(job);
  check_shape("initial", initial, {S, P});
  check_shape("parameters", parameters, {S, P});
  // Everything is checked before the first array is written, also where there is nothing to train.
  if (S == 0) return;
  threads = int(std::min<long>(threads, S));
  // More vectors per batch sort better. But every thread should have a batch, and the memory of parameters and moments is
  // bounded.
  if (lrn_module::can_settle(job) && variant.lanes > 1) {
    const long share = S / (long(threads) * variant.lanes), room = batch_bytes / (3 * P * variant.lanes * long(sizeof(R)));
    job.vectors = int(std::clamp(std::min(share, room), 1L, largest_batch));
  }

  auto work = [&] {
    try {
      if constexpr (std::is_same_v<R, float>) variant.work(job);
      else variant.work64(job);
    } catch (const std::bad_alloc &) {
      // No exception may leave a thread. The others stop as if cancelled, and the caller gets a MemoryError.
      cancelled = exhausted = true;
    }
  };
  auto report = [&] {
    if (progress) (*progress)(done.load());
  };
  run_threads(threads, work, cancelled, report);
  if (exhausted) {
    PyErr_Format(PyExc_MemoryError, "training networks of %ld parameters takes more memory than there is", P);
    throw nb::python_error();
  }
}

// An array of another type, order or place is refused, not copied: what is written into a copy is lost.
template <class R> void define(nb::module_ &m, const char *name) {
  m.def(name, &train<R>, "variant"_a, nb::kw_only(), "depth"_a, "width"_a, "epochs"_a, "connection"_a, "optimizer"_a,
        "activation"_a, "initial_weights"_a, "norm"_a, "iterative"_a, "lr"_a, "target_scale"_a, "threshold"_a,
        "x"_a.noconvert(), "t"_a.noconvert(), "seeds"_a.noconvert(), "initial"_a.noconvert().none(),
        "rmse"_a.noconvert(), "rmse_initial"_a.noconvert(), "converged_at"_a.noconvert(), "dead"_a.noconvert(),
        "prediction"_a.noconvert(), "parameters"_a.noconvert().none(), "trace"_a.noconvert().none(), "threads"_a,
        "progress"_a.none());
}

} // namespace

NB_MODULE(_native, m) {
  m.def("variants", [] {
    nb::list rows;
    for (const Variant *v : usable()) rows.append(nb::make_tuple(v->name, v->lanes, v->fused));
    return rows;
  });
  m.attr("source_hash") = LRN_SOURCE_HASH;
  define<float>(m, "train_float32");
  define<double>(m, "train_float64");
  define_classify(m);
  Ending::prepare();
}
