// The layers of networks that classify images, and where everything that belongs to them lies.
#pragma once
#include "convolution.hpp"

#include <numeric>
#include <utility>

namespace LRN_NAMESPACE {

using lrn::Kind;

// A layer, where its numbers lie, and what its way back does. Gradients of tensors take turns in a few places.
struct Node {
  lrn::Layer layer;
  Shape from, other, to;
  long weight = 0, bias = 0;   // its first parameter, its first bias
  long statistics = 0;         // its first channel among those of all norms
  int out = 0;                 // the tensor where what it makes lies: a sum's may be that which it reads
  Geometry geometry;           // of a convolution
  int gradient_to = -1, gradient_from = -1, gradient_other = -1; // places; -1: there is none, as of the images
  bool first_from = false, first_other = false;                  // nothing is there yet
  bool remade = false; // a norm whose output is computed again on the way back, rather than kept
  bool gates = false, gated = false; // a convolution's way back also goes through the ReLU below; this ReLU's was
};

// Blocks, shortcuts and pre-activation need no code of their own: they are layers that read one tensor or two.
// The layers of an experiment. What a thread needs besides is in `Classifier`.
// Every thread makes this plan once, before it trains, and nothing in it changes afterwards.
template <class R> struct Graph {
  const lrn::ImageJob<R> &job;
  std::vector<Shape> shapes;       // of tensors
  std::vector<Node> nodes;
  std::vector<int> gradient_of;    // places where the way back starts: of the tensors that the classifier reads
  int places = 0, features = 0;    // for gradients; of the classifier
  long output = 0, parameters = 0; // the classifier's first one; all
  long widest = 0;                 // values of the largest tensor, for one image
  long normed = 0, rectified = 0;  // channels: of all norms; after all ReLUs
  std::vector<int> norms;          // which nodes are norms: a pass waits there until all of its images have come
  int visit = block_size;          // images that go from one norm to the next together; convolutions gather whole groups

  explicit Graph(const lrn::ImageJob<R> &job) : job(job), shapes{job.image} {
    for (int k = 0; k < job.layer_count; ++k) {
      Node node{job.layers[k]};
      const lrn::Layer &layer = node.layer;
      node.from = shapes[layer.from];
      if (layer.kind == Kind::sum && layer.other >= 0) node.other = shapes[layer.other];
      node.to = shape_after(layer, node.from, node.other);
      node.weight = output, output += parameters_of(layer, node.from);
      node.out = k + 1;
      if (layer.kind == Kind::norm) {
        node.bias = node.weight + node.from.channels;
        node.statistics = normed;
        normed += node.from.channels;
        norms.push_back(k);
      } else if (layer.kind == Kind::convolution) {
        node.geometry = Geometry(layer.kernel, layer.stride, node.from, node.to);
        node.bias = output - (layer.biased ? layer.channels : 0);
        // A visit ends where a group of blocks ends, or the order of the sums would depend on the visits.
        visit = std::lcm(visit, block_size * node.geometry.blocks);
      }
      if (layer.rectified) rectified += node.to.channels;
      shapes.push_back(node.to);
      nodes.push_back(std::move(node));
    }
    for (int index = 0; index < job.read_count; ++index) features += shapes[job.read[index]].channels;
    parameters = output + long(job.classes) * (features + 1);
    for (const Shape &shape : shapes) widest = std::max(widest, shape.size());
    plan_tensors();
    plan_gradients();
  }

private:
  // A sum is made where what it reads lies, if nobody else reads that, not even the way back: a ReLU's does. If only the next layer
  // reads a norm, and is a convolution, the norm's output is not kept: computing it again is faster than loading it.
  void plan_tensors() {
    std::vector<int> readers(shapes.size(), 0);
    for (const Node &node : nodes) {
      ++readers[node.layer.from];
      if (node.layer.kind == Kind::sum && node.layer.other >= 0) ++readers[node.layer.other];
    }
    for (int index = 0; index < job.read_count; ++index) ++readers[job.read[index]];
    for (int above = 1; above < int(nodes.size()); ++above) {
      const lrn::Layer &reader = nodes[above].layer;
      const bool only_reader = reader.kind == Kind::convolution && reader.from == above && readers[above] == 1;
      nodes[above - 1].remade = nodes[above - 1].layer.kind == Kind::norm && only_reader;
    }
    for (Node &node : nodes) {
      const int from = node.layer.from;
      if (node.layer.kind == Kind::sum && from > 0 && readers[from] == 1 && !nodes[from - 1].layer.rectified)
        node.out = nodes[from - 1].out;
    }
  }

  // Finds convolutions that add the last term to the gradient against the output of a ReLU. They multiply their sums by the
  // ReLU's derivative while these are in registers. Norms do this themselves for the ReLU behind them.
  void plan_gate(Node &reader, Node &maker, int reader_index) {
    if (!maker.layer.rectified || maker.layer.kind == Kind::norm) return;
    for (int below = 0; below < reader_index; ++below)
      if (nodes[below].layer.from == reader.layer.from || nodes[below].layer.other == reader.layer.from) return;
    reader.gates = maker.gated = true;
  }

  void plan_gradients() {
    // Walks the layers backward, as training does. A tensor's gradient takes a place when the first layer adds to it, and
    // gives it back when the layer that made the tensor has used it. So a few places are enough, however deep the network is.
    std::vector<int> place(shapes.size(), -1), free;
    const auto take = [&] {
      if (free.empty()) free.push_back(places++);
      const int free_place = free.back();
      free.pop_back();
      return free_place;
    };
    for (int index = 0; index < job.read_count; ++index)
      if (job.read[index] > 0) place[job.read[index]] = take();
    gradient_of = place;
    for (int k = int(nodes.size()) - 1; k >= 0; --k) {
      Node &node = nodes[k];
      const int from = node.layer.from, other = node.layer.kind == Kind::sum ? node.layer.other : -1;
      node.gradient_to = place[k + 1];
      if (node.gradient_to < 0) continue; // nothing reads what it makes
      bool passed_on = false;
      if (from > 0 && place[from] < 0) {
        node.first_from = true;
        passed_on = node.layer.kind != Kind::convolution; // the others turn it into that of what they read where it lies
        place[from] = passed_on ? node.gradient_to : take();
      }
      if (other > 0 && place[other] < 0) node.first_other = true, place[other] = take();
      node.gradient_from = from > 0 ? place[from] : -1;
      node.gradient_other = other > 0 ? place[other] : -1;
      if (!passed_on) free.push_back(node.gradient_to);
      if (node.layer.kind == Kind::convolution && from > 0) plan_gate(node, nodes[from - 1], k);
    }
  }
};

} // namespace LRN_NAMESPACE
