#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <torch/torch.h>

#include "model/graph.hpp"
#include "train/options.hpp"

namespace dbnet::train {

/// Where the logits of a map in [0, 1] come from.
struct LogitSource {
    std::string value;            ///< the logits, or
    bool is_probability = false;  ///< the map itself, which they are computed from
};

/// The value that the Sigmoid behind `output` is applied to; the output itself where it is
/// enlarged, cut or shaped otherwise behind the Sigmoid. Error{unsupported} when no Sigmoid
/// produces it.
LogitSource logits_of(const model::Graph& graph, const std::string& output);

/// Any model::Graph with one f32 image input, executed by LibTorch under autograd
/// (docs/design/architecture.md, section 2). What it computes is what the graph says; how is
/// described in docs/design/training-speed.md.
///
/// Trainable are the weights and biases of Conv, ConvTranspose, Gemm and MatMul, scale and bias of
/// BatchNormalization, and operands of Add, Sub, Mul or Div: parameters of more than one element,
/// those of affine blocks (affine_blocks.hpp) and the bias of a layer of one channel. Running
/// statistics are buffers; all else is constant. train() and eval() choose between the statistics
/// of the batch and the running ones; to(device) moves everything.
class GraphModule : public torch::nn::Module {
public:
    /// Throws Error: malformed (the graph's own faults), unsupported (naming node and operator that
    /// have no mapping to LibTorch).
    explicit GraphModule(model::Graph graph, Precision precision = Precision::f32);
    ~GraphModule() override;

    /// The graph's outputs, in its order, f32. `image` is f32 [N, C, H, W] on the module's device.
    /// Throws Error naming the node when the extents do not fit.
    std::vector<torch::Tensor> forward(const torch::Tensor& image);

    /// The named values instead, inputs, outputs or intermediate ones, in f32: computes what they
    /// need and nothing else. Throws Error{invalid_argument} for a name that no node produces.
    std::vector<torch::Tensor> values(const torch::Tensor& image,
                                      const std::vector<std::string>& names);

    /// The logits of maps in f32; finite, and with a gradient, wherever the map's are.
    std::vector<torch::Tensor> logits(const torch::Tensor& image,
                                      const std::vector<LogitSource>& sources);

    /// Freezes the parameters whose names start with one of the prefixes, and no others: they get
    /// no gradient, and BatchNormalization with a frozen scale stays in evaluation mode. An empty
    /// list frees all.
    void freeze(const std::vector<std::string>& prefixes);

    /// BatchNormalization in evaluation mode although the module is trained.
    void set_norm_eval(bool eval) { norm_eval_ = eval; }

    void set_precision(Precision precision) { precision_ = precision; }
    Precision precision() const noexcept { return precision_; }

    /// All trainable parameters by their names in the graph, frozen ones included, as leaves in f32
    /// in the graph's layout.
    const std::map<std::string, torch::Tensor>& weights() const noexcept { return weights_; }
    /// Running means and variances by name.
    const std::map<std::string, torch::Tensor>& statistics() const noexcept { return statistics_; }

    /// The graph as it was given, values of before training included.
    const model::Graph& graph() const noexcept { return graph_; }
    /// The graph with the current weights and statistics, f32.
    model::Graph to_graph() const;
    /// Takes weights and statistics from a graph that has all of them in the same extents (from
    /// to_graph()); Error{malformed} naming the parameter otherwise.
    void load(const model::Graph& graph);

private:
    struct Program;  ///< what to execute for one set of extents and wanted values

    const Program& program(const torch::Tensor& image, const std::vector<std::string>& names);
    std::vector<torch::Tensor> run(const Program& program, const torch::Tensor& image,
                                   const std::vector<std::string>& names);
    /// The weight, statistic or constant; undefined if there is none of that name.
    torch::Tensor parameter(const std::string& name) const;
    bool is_frozen(const std::string& name) const;

    model::Graph graph_;
    model::Graph executed_;  ///< graph_ with activations that were spelled out as one node
    Precision precision_;
    bool norm_eval_ = false;
    std::vector<std::string> frozen_;
    std::map<std::string, torch::Tensor> weights_;
    std::map<std::string, torch::Tensor> statistics_;
    std::map<std::string, torch::Tensor> constants_;  ///< f32 parameters that are not trained
    std::map<std::string, std::unique_ptr<Program>> programs_;
};

}  // namespace dbnet::train
