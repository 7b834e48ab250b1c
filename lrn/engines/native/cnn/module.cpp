// The Python face of the native engine: how to train networks that classify images.
#include "../boundary.hpp"

using namespace lrn;

namespace {

using Whole = std::int32_t;

constexpr long largest_images = 1 << 30, largest_parameters = 1L << 40;

// Shapes of all tensors; complains of layers that do not fit them. The smallest pass has `fewest` images.
std::vector<Shape> check_layers(const Layer *layers, long count, Shape image, long fewest) {
  std::vector<Shape> shapes{image};
  for (long k = 0; k < count; ++k) {
    const Layer &layer = layers[k];
    const std::string of = "layer " + std::to_string(k) + "'s ";
    const auto number = [&](const char *name, long value, long least, long most) {
      check_number((of + name).c_str(), value, least, most);
    };
    number("kind", long(layer.kind), 0, long(Kind::sum));
    number("from", layer.from, 0, k);
    number("stride", layer.stride, 1, largest_size);
    number("other", layer.other, -1, layer.kind == Kind::sum ? k : -1);
    if (layer.kind == Kind::convolution) {
      number("channels", layer.channels, 1, largest_size);
      number("kernel", layer.kernel, 1, largest_size);
      check(layer.kernel % 2 == 1, of + "kernel must be odd; got " + std::to_string(layer.kernel));
    }
    const Shape shape = shape_after(layer, shapes[layer.from], layer.other < 0 ? Shape{} : shapes[layer.other]);
    if (layer.kind == Kind::norm)
      check(fewest * shape.pixels() > 1, of + "norm must have at least 2 values of each channel; got 1");
    check(shape.size() > 0, of + "image must have the size and at least the channels of what is added to it");
    shapes.push_back(shape);
  }
  return shapes;
}

// How many parameters the layers have, in numbers that cannot overflow: a product of four sizes can.
long count_parameters(const Layer *layers, const std::vector<Shape> &shapes) {
  long parameters = 0;
  for (std::size_t k = 0; k + 1 < shapes.size(); ++k) {
    const Layer &layer = layers[k];
    const Shape from = shapes[layer.from];
    if (layer.kind == Kind::convolution)
      check(double(layer.channels) * from.channels * layer.kernel * layer.kernel <= double(largest_parameters),
            "layer " + std::to_string(k) + "'s parameters must be at most " + std::to_string(largest_parameters));
    parameters += parameters_of(layer, from);
    check_number("parameters of all layers", parameters, 0, largest_parameters);
  }
  return parameters;
}

template <class T> void check_classes(const char *name, const Array<const T> &array, long least, long end) {
  for (std::size_t k = 0; k < array.size(); ++k)
    if (array.data()[k] < least || array.data()[k] >= end)
      check_number((std::string("every one of ") + name).c_str(), array.data()[k], least, end - 1);
}

template <class R>
void classify(const std::string &variant_name, Array<const Whole> layers, Array<const Whole> read, int classes, int last,
              int part, int batch, int epochs, double lr, double momentum, Array<const R> train_x, Array<const Whole> train_y,
              Array<const R> test_x, Array<const Whole> order, Array<const R> initial, Array<R> first_gradient,
              Array<R> last_gradient, Array<R> loss, Array<R> accuracy, Array<R> gradient, Array<Whole> predicted,
              Array<std::uint8_t> silent, int threads) {
  const Variant &variant = named(variant_name);
  check_number("classes", classes, 1, largest_size);
  check_number("epochs", epochs, 0, largest_epochs);
  check_number("threads", threads, 1, largest_threads);
  check_positive("lr", lr);
  check(momentum >= 0 && momentum < 1, "momentum must be at least 0 and below 1; got " + std::to_string(momentum));
  check(train_x.ndim() == 4, "train_x must have four axes; got " + std::to_string(train_x.ndim()));
  check(test_x.ndim() == 4, "test_x must have four axes; got " + std::to_string(test_x.ndim()));
  check_number("training images", long(train_x.shape(0)), 1, largest_images);
  check_number("test images", long(test_x.shape(0)), 1, largest_images);
  for (int axis = 1; axis < 4; ++axis)
    check_number("channels, height and width of images", long(train_x.shape(axis)), 1, largest_size);
  const long N = train_x.shape(0), M = test_x.shape(0), C = train_x.shape(1), H = train_x.shape(2), W = train_x.shape(3);
  check_shape("test_x", test_x, {M, C, H, W}), check_shape("train_y", train_y, {N});
  check_number("batch", batch, 1, N), check_number("part", part, 1, largest_images);
  check(layers.ndim() == 2 && layers.shape(0) > 0, "layers must have two axes and a row");
  const long K = layers.shape(0), S = initial.ndim() ? initial.shape(0) : 0;
  check_shape("layers", layers, {K, fields}), check_number("last", last, 0, K - 1);
  const Parts parts(int(N), part);
  const long smallest = std::min<long>(N % batch ? N % batch : batch, parts.size(parts.count - 1));
  const long largest = std::max<long>(batch, parts.size(0));
  ImageJob<R> job{};
  job.layers = reinterpret_cast<const Layer *>(layers.data()), job.layer_count = int(K);
  const auto shapes = check_layers(job.layers, K, {int(C), int(H), int(W)}, smallest);
  for (const int layer : {0, last})
    check(job.layers[layer].kind == Kind::convolution, "the first and the last layer must be convolutions");
  check(read.ndim() == 1 && read.shape(0) > 0, "read must have one axis and an element");
  check_classes("read", read, 0, K + 1), check_classes("train_y", train_y, 0, classes);
  long P = count_parameters(job.layers, shapes), features = 0, A = 0;
  for (long k = 0; k < K; ++k)
    if (job.layers[k].rectified) A += shapes[k + 1].channels;
  for (const Shape &shape : shapes) {
    check_number("values of a layer on one image", shape.size(), 1, INT_MAX);
    check_number("values of a layer on the images of a pass", shape.size() * largest, 1, INT_MAX);
  }
  for (std::size_t index = 0; index < read.size(); ++index) {
    for (std::size_t earlier = 0; earlier < index; ++earlier)
      check(read.data()[index] != read.data()[earlier], "read must name each tensor once");
    features += shapes[read.data()[index]].channels;
  }
  P += classes * (features + 1);
  check_number("parameters of all layers", P, 0, largest_parameters), check_shape("initial", initial, {S, P});
  check_shape("order", order, {S, epochs, N}), check_classes("order", order, 0, N);
  check_shape("first_gradient", first_gradient, {S}), check_shape("last_gradient", last_gradient, {S});
  job.train = int(N), job.test = int(M), job.part = part, job.batch = batch, job.epochs = epochs;
  const long steps = job.steps();
  check_shape("loss", loss, {S, epochs, steps}), check_shape("accuracy", accuracy, {S, epochs, steps});
  check_shape("gradient", gradient, {S, epochs, steps}), check_shape("predicted", predicted, {S, M});
  check_shape("silent", silent, {S, A});
  if (S == 0) return;

  std::atomic<long> next{0}, done{0};
  std::atomic<bool> cancelled{false}, exhausted{false};
  job.read = read.data(), job.read_count = int(read.size()), job.classes = classes, job.last = last;
  job.image = shapes[0];
  job.train_x = train_x.data(), job.test_x = test_x.data(), job.train_y = train_y.data(), job.order = order.data();
  job.lr = lr, job.momentum = momentum, job.count = S, job.initial = initial.data();
  job.first_gradient = first_gradient.data(), job.last_gradient = last_gradient.data(), job.loss = loss.data();
  job.accuracy = accuracy.data(), job.gradient = gradient.data();
  job.predicted = predicted.data(), job.silent = silent.data();
  job.next = &next, job.done = &done, job.cancelled = &cancelled;
  run_threads(
      int(std::min<long>(threads, S)),
      [&] {
        try {
          if constexpr (std::is_same_v<R, float>) variant.classify(job);
          else variant.classify64(job);
        } catch (const std::bad_alloc &) {
          cancelled = exhausted = true;
        }
      },
      cancelled, [] {});
  if (exhausted) {
    PyErr_Format(PyExc_MemoryError, "passes of %ld images take more memory than there is", largest);
    throw nb::python_error();
  }
}

template <class R> void define(nb::module_ &m, const char *name) {
  m.def(name, &classify<R>, "variant"_a, nb::kw_only(), "layers"_a.noconvert(), "read"_a.noconvert(), "classes"_a,
        "last"_a, "part"_a, "batch"_a, "epochs"_a, "lr"_a, "momentum"_a, "train_x"_a.noconvert(), "train_y"_a.noconvert(),
        "test_x"_a.noconvert(), "order"_a.noconvert(), "initial"_a.noconvert(), "first_gradient"_a.noconvert(),
        "last_gradient"_a.noconvert(), "loss"_a.noconvert(), "accuracy"_a.noconvert(), "gradient"_a.noconvert(),
        "predicted"_a.noconvert(), "silent"_a.noconvert(), "threads"_a);
}

} // namespace

void define_classify(nb::module_ &m) {
  define<float>(m, "classify_float32");
  define<double>(m, "classify_float64");
}
