#include "train/parity_runner.hpp"

#include <algorithm>
#include <memory>

#include <torch/torch.h>

#include "train/graph_module.hpp"

namespace dbnet::train {
namespace {

engine::Buffer buffer_of(const torch::Tensor& tensor) {
    const torch::Tensor dense = tensor.to(torch::kFloat).contiguous();
    engine::Buffer buffer = engine::Buffer::host(model::DataType::f32, dense.sizes().vec());
    std::copy_n(dense.data_ptr<float>(), dense.numel(), buffer.f32().begin());
    return buffer;
}

}  // namespace

app::Runner libtorch_runner() {
    const auto prepare = [](const model::Graph& graph) -> app::Forward {
        const auto module = std::make_shared<GraphModule>(graph);
        module->eval();
        return [module](const engine::Buffer& images) {
            const torch::NoGradGuard no_gradients;
            std::vector<engine::Buffer> outputs;
            for (const torch::Tensor& output :
                 module->forward(torch::from_blob(images.data(), images.dims())))
                outputs.push_back(buffer_of(output));
            return outputs;
        };
    };
    return {"libtorch", prepare, true};
}

}  // namespace dbnet::train
