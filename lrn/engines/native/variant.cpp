// One instruction set's build of the kernel. Compiled several times, each with its own flags and LRN_NAMESPACE.
//
// Who trains what. `work` looks at the job once and picks a network type; `Batch` (batch.hpp) then trains vectors of such
// networks. All types compute the same numbers in the same order, so a network's bits do not depend on which one has it.
//
//   width 2 or 4, one feature, one output:
//     plain or late, ReLU or leaky ReLU, Adam or SGD, no norm ("common"; the compiler knows all of that), and with ReLU and
//     floats width 3, too:
//       width 2, 32 registers (AVX-512)       TiledNetwork   tiles.hpp    five samples go up and down at a time
//       20 samples in the variant `fused`      HeldNetwork    held.hpp     all samples in registers, as on a GPU
//       else                                   Network        network.hpp  a layer at a time (narrow.hpp)
//     any other connection, activation, optimizer or norm:
//                                              GeneralNetwork<V, 2 or 4>   general.hpp, on narrow.hpp's sums
//   any other shape:                           GeneralNetwork<V, 0>        general.hpp, on wide.hpp's matrix products;
//     ReLU or leaky ReLU, not residual, no norm, vectors:                    its passes are activated.hpp's
//
// The common ones are types of their own because options that the compiler knows cost nothing in the inner loops.
// All of them share their errors, their steps and when layers are settled (judged.hpp). Networks that classify images are a
// kernel of their own (cnn/).
#include "batch.hpp"
#include "general.hpp"
#include "held.hpp"
#include "tiles.hpp"

namespace LRN_NAMESPACE {

#ifndef LRN_VECTOR
#define LRN_VECTOR float
#endif

namespace {

template <class V, class Net, class R> void go(const lrn::SharedJob<R> &job) { Batch<V>(job, take<V, Net>).work(); }

// The variant that takes one network at a time, as a GPU's threads do, also takes their way through it. Where vectors
// have registers for it, several samples at a time are quicker.
template <class V, class Act, Optimizer opt, bool late, int width, class R> void by_samples(const lrn::SharedJob<R> &job) {
#if defined(LRN_HELD_SAMPLES)
  if constexpr (sizeof(R) == sizeof(float))
    if (job.samples == LRN_HELD_SAMPLES)
      return go<V, HeldNetwork<V, Act, opt, late, width, LRN_HELD_SAMPLES>>(job);
#endif
  if constexpr (Lanes<V>::registers >= 32 && width == 2) go<V, TiledNetwork<V, Act, opt, late, width>>(job);
  else go<V, Network<V, Act, opt, late, width>>(job);
}

// Width 3 is rarer than 2 and 4, so the compiler knows it of fewer networks: each of them takes it a second.
#if defined(LRN_HELD_SAMPLES)
template <class Act, class R> constexpr bool has_width_3 = false;
#else
template <class Act, class R> constexpr bool has_width_3 = Act::can_die && sizeof(R) == sizeof(float);
#endif

// From here on each function turns one choice of the job into a template argument.
template <class V, class Act, Optimizer opt, bool late, class R> void by_width(const lrn::SharedJob<R> &job) {
  if constexpr (has_width_3<Act, R>)
    if (job.width == 3) return by_samples<V, Act, opt, late, 3>(job);
  job.width == 2 ? by_samples<V, Act, opt, late, 2>(job) : by_samples<V, Act, opt, late, 4>(job);
}

template <class V, class Act, Optimizer opt, class R> void by_connection(const lrn::SharedJob<R> &job) {
  job.connection == Connection::late ? by_width<V, Act, opt, true>(job) : by_width<V, Act, opt, false>(job);
}

template <class V, class Act, class R> void by_optimizer(const lrn::SharedJob<R> &job) {
  job.optimizer == Optimizer::adam ? by_connection<V, Act, Optimizer::adam>(job)
                                   : by_connection<V, Act, Optimizer::sgd>(job);
}

// Whether such a network is so common that the compiler knows its activation, connection and optimizer, too.
template <class R> bool is_common(const lrn::SharedJob<R> &job) {
  return job.norm == Norm::none && (job.connection == Connection::plain || job.connection == Connection::late) &&
         (job.optimizer == Optimizer::adam || job.optimizer == Optimizer::sgd) &&
         (job.activation == Activation::relu || job.activation == Activation::leaky_relu);
}

template <class V, class R> void by_shape(const lrn::SharedJob<R> &job) {
  const bool narrow = job.width <= 4 && job.features == 1 && job.outputs == 1;
  const bool relu_3 = job.width == 3 && has_width_3<Relu, R> && job.activation == Activation::relu && is_common(job);
  if (!narrow || (job.width % 2 && !relu_3)) return go<V, GeneralNetwork<V, 0>>(job);
  if (!is_common(job)) return job.width == 2 ? go<V, GeneralNetwork<V, 2>>(job) : go<V, GeneralNetwork<V, 4>>(job);
  job.activation == Activation::relu ? by_optimizer<V, Relu>(job) : by_optimizer<V, LeakyRelu>(job);
}

// A spare (CMakeLists.txt) has the network type that trains everything, and no other.
#ifndef LRN_SPARE
#define LRN_SPARE false
#endif

template <class V, class R> void work(const lrn::SharedJob<R> &job) {
  flush_subnormals();
  if constexpr (LRN_SPARE) go<V, GeneralNetwork<V, 0>>(job);
  else by_shape<V>(job);
}

} // namespace

// LRN_NAME, LRN_VECTOR and LRN_NAMESPACE come from CMakeLists.txt, one set per variant. The namespace keeps the variants of a
// function apart: without it the linker would take one of them for all, compiled for another processor.
// This file is compiled once for each type of number, so that two processors share the work.
#if defined(LRN_DOUBLE)
void train_doubles(const lrn::SharedJob<double> &job) { work<double>(job); }
#else
#if defined(__FMA__) || defined(__aarch64__)
constexpr bool fused = true;
#else
constexpr bool fused = false;
#endif

void train_doubles(const lrn::SharedJob<double> &);
void classify(const lrn::ImageJob<float> &);
void classify(const lrn::ImageJob<double> &);

extern const lrn::Variant variant;
const lrn::Variant variant{LRN_NAME, Lanes<LRN_VECTOR>::count, fused, work<LRN_VECTOR, float>, train_doubles,
                           classify, classify};
#endif

} // namespace LRN_NAMESPACE
