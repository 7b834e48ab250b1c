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
      check_number(of + name, value, least, most);
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

template <class T> void check_classes(const char *name, const T *classes, std::size_t count, long least, long end) {
  for (std::size_t k = 0; k < count; ++k)
    if (classes[k] < least || classes[k] >= end)
      check_number(std::string("every one of ") + name, classes[k], least, end - 1);
}

// How the networks are trained.
template <class R> void read_training(Arguments &arguments, ImageJob<R> &job) {
  job.classes = int(arguments.number("classes", 1, largest_size));
  job.epochs = int(arguments.number("epochs", 0, largest_epochs));
  job.lr = arguments.positive("lr");
  job.momentum = arguments.real("momentum");
  check(job.momentum >= 0 && job.momentum < 1,
        "momentum must be at least 0 and below 1; got " + std::to_string(job.momentum));
}

template <class Images> void check_axes(const char *name, const Images &images) {
  check(images.ndim() == 4, name + std::string(" must have four axes; got ") + std::to_string(images.ndim()));
}

template <class R> void read_images(Arguments &arguments, ImageJob<R> &job) {
  const auto train_x = arguments.array<const R>("train_x"), test_x = arguments.array<const R>("test_x");
  check_axes("train_x", train_x);
  check_axes("test_x", test_x);
  check_number("training images", long(train_x.shape(0)), 1, largest_images);
  check_number("test images", long(test_x.shape(0)), 1, largest_images);
  for (int axis = 1; axis < 4; ++axis)
    check_number("channels, height and width of images", long(train_x.shape(axis)), 1, largest_size);
  job.train = int(train_x.shape(0));
  job.test = int(test_x.shape(0));
  job.image = {int(train_x.shape(1)), int(train_x.shape(2)), int(train_x.shape(3))};
  job.train_x = train_x.data();
  job.test_x = arguments.array<const R>("test_x", {job.test, job.image.channels, job.image.height, job.image.width});
  job.train_y = arguments.array<const Whole>("train_y", {job.train});
  check_classes("train_y", job.train_y, job.train, 0, job.classes);
  job.batch = int(arguments.number("batch", 1, job.train));
  job.part = int(arguments.number("part", 1, largest_images));
}

// Images of the smallest and of the largest pass.
template <class R> std::pair<long, long> passes(const ImageJob<R> &job) {
  const Parts parts(job.train, job.part);
  const int rest = job.train % job.batch;
  return {std::min(rest ? rest : job.batch, parts.size(parts.count - 1)), std::max(job.batch, parts.size(0))};
}

// Returns the shapes of all tensors.
template <class R> std::vector<Shape> read_layers(Arguments &arguments, ImageJob<R> &job) {
  const auto layers = arguments.array<const Whole>("layers");
  check(layers.ndim() == 2 && layers.shape(0) > 0, "layers must have two axes and a row");
  const long count = long(layers.shape(0));
  job.layers = reinterpret_cast<const Layer *>(arguments.array<const Whole>("layers", {count, fields}));
  job.layer_count = int(count);
  job.last = int(arguments.number("last", 0, count - 1));
  const auto [smallest, largest] = passes(job);
  const auto shapes = check_layers(job.layers, count, job.image, smallest);
  for (const int layer : {0, job.last})
    check(job.layers[layer].kind == Kind::convolution, "the first and the last layer must be convolutions");
  for (const Shape &shape : shapes) {
    check_number("values of a layer on one image", shape.size(), 1, INT_MAX);
    check_number("values of a layer on the images of a pass", shape.size() * largest, 1, INT_MAX);
  }
  return shapes;
}

// Which tensors the classifier reads. Returns how many features they give it.
template <class R> long read_features(Arguments &arguments, ImageJob<R> &job, const std::vector<Shape> &shapes) {
  const auto read = arguments.array<const Whole>("read");
  check(read.ndim() == 1 && read.shape(0) > 0, "read must have one axis and an element");
  check_classes("read", read.data(), read.size(), 0, long(shapes.size()));
  long features = 0;
  for (std::size_t index = 0; index < read.size(); ++index) {
    for (std::size_t earlier = 0; earlier < index; ++earlier)
      check(read.data()[index] != read.data()[earlier], "read must name each tensor once");
    features += shapes[read.data()[index]].channels;
  }
  job.read = read.data();
  job.read_count = int(read.size());
  return features;
}

// Initial weights, the order of the images, and the memory of the results.
template <class R> void read_networks(Arguments &arguments, ImageJob<R> &job, const std::vector<Shape> &shapes, long features) {
  const long parameters = count_parameters(job.layers, shapes) + job.classes * (features + 1);
  check_number("parameters of all layers", parameters, 0, largest_parameters);
  const auto initial = arguments.array<const R>("initial");
  job.count = initial.ndim() ? long(initial.shape(0)) : 0;
  const long S = job.count, epochs = job.epochs, steps = job.steps();
  job.initial = arguments.array<const R>("initial", {S, parameters});
  job.order = arguments.array<const Whole>("order", {S, epochs, job.train});
  check_classes("order", job.order, S * epochs * job.train, 0, job.train);
  long activated = 0;
  for (int layer = 0; layer < job.layer_count; ++layer)
    if (job.layers[layer].rectified) activated += shapes[layer + 1].channels;
  job.first_gradient = arguments.array<R>("first_gradient", {S});
  job.last_gradient = arguments.array<R>("last_gradient", {S});
  job.loss = arguments.array<R>("loss", {S, epochs, steps});
  job.accuracy = arguments.array<R>("accuracy", {S, epochs, steps});
  job.gradient = arguments.array<R>("gradient", {S, epochs, steps});
  job.predicted = arguments.array<Whole>("predicted", {S, job.test});
  job.silent = arguments.array<std::uint8_t>("silent", {S, activated});
}

template <class R> void classify(const std::string &variant_name, nb::kwargs values) {
  const Variant &variant = named(variant_name);
  Arguments arguments(values);
  ImageJob<R> job{};
  read_training(arguments, job);
  read_images(arguments, job);
  const auto shapes = read_layers(arguments, job);
  read_networks(arguments, job, shapes, read_features(arguments, job, shapes));
  const long threads = arguments.number("threads", 1, largest_threads);
  arguments.end();
  // Everything is checked before the first array is written, also where there is nothing to train.
  if (job.count == 0) return;

  std::atomic<long> next{0}, done{0};
  std::atomic<bool> cancelled{false}, exhausted{false};
  job.next = &next;
  job.done = &done;
  job.cancelled = &cancelled;
  const auto work = [&] {
    try {
      if constexpr (std::is_same_v<R, float>) variant.classify(job);
      else variant.classify64(job);
    } catch (const std::bad_alloc &) {
      cancelled = exhausted = true;
    }
  };
  run_threads(int(std::min(threads, job.count)), work, cancelled, [] {});
  if (exhausted) {
    PyErr_Format(PyExc_MemoryError, "passes of %ld images take more memory than there is", passes(job).second);
    throw nb::python_error();
  }
}

} // namespace

void define_classify(nb::module_ &m) {
  m.def("classify_float32", &classify<float>);
  m.def("classify_float64", &classify<double>);
}
