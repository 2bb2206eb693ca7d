#include "train/distillation.hpp"

#include <algorithm>
#include <cmath>

namespace dbnet::train {

using torch::Tensor;

Tensor distillation_loss(const Tensor& logits, const Tensor& soft, double negative_ratio) {
    // A batch without any text still teaches what is none.
    constexpr double kLeastText = 1e-3;
    const Tensor target = soft.to(torch::kFloat32).flatten();
    const Tensor entropy = torch::xlogy(target, target) + torch::xlogy(1 - target, 1 - target);
    const Tensor divergence =
        torch::binary_cross_entropy_with_logits(logits.to(torch::kFloat32).flatten(), target, {},
                                                {}, at::Reduction::None) +
        entropy;
    const Tensor is_text = target >= 0.5;
    const auto pixels = target.numel();
    const auto texts = is_text.sum().item<std::int64_t>();
    const double basis =
        std::max(static_cast<double>(texts), kLeastText * static_cast<double>(pixels));
    const auto others =
        std::min(pixels - texts, static_cast<std::int64_t>(std::ceil(basis * negative_ratio)));
    Tensor sum = torch::where(is_text, divergence, torch::zeros_like(divergence)).sum();
    if (others > 0) {
        const Tensor rest = torch::where(is_text, torch::zeros_like(divergence), divergence);
        sum = sum + std::get<0>(rest.topk(others, 0, true, false)).sum();
    }
    return sum / static_cast<double>(std::max<std::int64_t>(texts + others, 1));
}

}  // namespace dbnet::train
