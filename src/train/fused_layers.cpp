// BatchNorm + residual + activation: y = f(z), z = a x + b + r with a = scale / sqrt(var + eps) and
// b = bias - a mean. Backwards, with dz = dy f'(z), M pixels and xc = x - mean (Ioffe and Szegedy,
// arXiv 1502.03167, section 3):
//   d bias = sum dz      d scale = sum (dz xc) / sqrt(var + eps)      dr = dz
//   dx = a (dz - sum dz / M - xc sum (dz xc) / (M (var + eps)))
// where the two sums vanish from dx with running statistics. z is computed again from x, which
// costs nothing beside reading it; with a residual the sign of y tells what relu let through.
#include "train/fused_layers.hpp"

#include <array>
#include <vector>

#include "train/compute_threads.hpp"

namespace dbnet::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Sums are formed in this many parts whatever the number of threads: the same bits every time.
constexpr std::int64_t kParts = 32;

/// A channels-last map as rows of channels. Several pixels make a row where there are few channels,
/// to keep vectors full; everything per channel is repeated then.
class Rows {
public:
    explicit Rows(const Tensor& map)
        : channels(map.size(1)), pixels(map.numel() / std::max<std::int64_t>(channels, 1)) {
        while (repeats < 16 && channels * repeats < 128 && pixels % (2 * repeats) == 0)
            repeats *= 2;
    }

    std::int64_t width() const { return channels * repeats; }

    /// Calls f(part, first row, rows) for each part, on several threads.
    template <typename F>
    void for_each_part(F&& f) const {
        const std::int64_t rows = pixels / repeats;
        for_each_in_parallel(kParts, [&](std::int64_t part) {
            const std::int64_t first = rows * part / kParts;
            f(part, first, rows * (part + 1) / kParts - first);
        });
    }

    /// Values per channel, once for each pixel of a row.
    Tensor repeated(const Tensor& per_channel) const {
        return per_channel.detach().to(torch::kFloat32).repeat({repeats}).contiguous();
    }

    /// Two sums per channel, in double, of what f(first row, rows, sums, sums) adds.
    template <typename F>
    std::array<Tensor, 2> sums(F&& f) const {
        Tensor parts = torch::zeros({kParts, 2, width()}, torch::kFloat64);
        auto* data = parts.data_ptr<double>();
        for_each_part([&](std::int64_t part, std::int64_t first, std::int64_t rows) {
            double* sum = data + part * 2 * width();
            f(first, rows, sum, sum + width());
        });
        const Tensor total = parts.sum(0).view({2, repeats, channels}).sum(1);
        return {total[0], total[1]};
    }

    std::int64_t channels;
    std::int64_t pixels;
    std::int64_t repeats = 1;
};

Tensor channels_last(const Tensor& map) { return map.contiguous(at::MemoryFormat::ChannelsLast); }

const float* floats(const Tensor& tensor) { return tensor.data_ptr<float>(); }

template <typename T>
T* elements(const Tensor& map) {
    return map.defined() ? static_cast<T*>(map.data_ptr()) : nullptr;
}

struct Statistics {
    Tensor mean;  ///< f64 [C], as the variance
    Tensor variance;
};

template <typename T>
Statistics batch_statistics(const Rows& rows, const Tensor& x) {
    const T* data = elements<T>(x);
    // The first pixel's values: near enough to the mean.
    const Tensor shift =
        rows.repeated(x.permute({0, 2, 3, 1}).reshape({-1, rows.channels})[0].to(torch::kFloat32));
    auto [sums, squares] = rows.sums([&](std::int64_t first, std::int64_t count, double* sum,
                                         double* square) {
        add_moments(data + first * rows.width(), count, rows.width(), floats(shift), sum, square);
    });
    const auto count = static_cast<double>(rows.pixels);
    const Tensor offset = sums / count;
    return {shift.slice(0, 0, rows.channels).to(torch::kFloat64) + offset,
            (squares / count - offset * offset).clamp_min(0)};
}

/// What both directions need, as the context keeps it between them.
struct Saved {
    Tensor x;
    Tensor y;        ///< what an activation made of a sum with a residual; else undefined
    Tensor mean;     ///< f64 [C]
    Tensor inverse;  ///< 1 / sqrt(variance + eps), f64 [C]
    Tensor scale;
    Tensor bias;
    Activation activation;
    bool training;

    Tensor factor() const { return scale.detach().to(torch::kFloat64) * inverse; }
    Tensor offset() const { return bias.detach().to(torch::kFloat64) - factor() * mean; }
};

template <typename T>
void normalise_map(const Rows& rows, const Saved& saved, const Tensor& residual, const Tensor& y) {
    const Tensor scale = rows.repeated(saved.factor());
    const Tensor offset = rows.repeated(saved.offset());
    rows.for_each_part([&](std::int64_t, std::int64_t first, std::int64_t count) {
        const std::int64_t start = first * rows.width();
        const T* other = residual.defined() ? elements<T>(residual) + start : nullptr;
        normalise(elements<T>(saved.x) + start, other, count, rows.width(), floats(scale),
                  floats(offset), saved.activation, elements<T>(y) + start);
    });
}

struct Gradients {
    Tensor x;
    Tensor residual;
    Tensor scale;
    Tensor bias;
};

template <typename T>
Gradients backward_map(const Rows& rows, const Saved& saved, const Tensor& dy) {
    Gradients result;
    result.x = torch::empty_like(saved.x);
    const Tensor scale = rows.repeated(saved.factor());
    const Tensor offset = rows.repeated(saved.offset());
    const Tensor mean = rows.repeated(saved.mean);
    const auto gradient = [&](const Tensor& from, std::int64_t start, bool with_output) {
        return NormaliseGradient<T>{elements<T>(from) + start,
                                    elements<T>(saved.x) + start,
                                    with_output ? elements<T>(saved.y) + start : nullptr,
                                    floats(scale),
                                    floats(offset),
                                    saved.activation};
    };
    const bool joined = saved.y.defined();
    result.residual = joined ? torch::empty_like(saved.x) : dy;
    auto [sums, products] =
        rows.sums([&](std::int64_t first, std::int64_t count, double* sum, double* product) {
            const std::int64_t start = first * rows.width();
            T* dz = joined ? elements<T>(result.residual) + start : nullptr;
            add_gradient_sums(gradient(dy, start, joined), count, rows.width(), floats(mean), sum,
                              product, dz);
        });
    result.bias = sums.to(torch::kFloat32);
    result.scale = (products * saved.inverse).to(torch::kFloat32);

    const Tensor factor = saved.factor();
    const double weight = saved.training ? 1.0 / static_cast<double>(rows.pixels) : 0.0;
    const Tensor by_x = -factor * saved.inverse * saved.inverse * products * weight;
    const Tensor constant = rows.repeated(-factor * sums * weight - by_x * saved.mean);
    const Tensor by_dz = rows.repeated(factor);
    const Tensor slope = rows.repeated(by_x);
    rows.for_each_part([&](std::int64_t, std::int64_t first, std::int64_t count) {
        const std::int64_t start = first * rows.width();
        NormaliseGradient<T> from = gradient(joined ? result.residual : dy, start, false);
        if (joined) from.activation = Activation::none;  // dz itself
        input_gradient(from, count, rows.width(), floats(by_dz), floats(slope), floats(constant),
                       elements<T>(result.x) + start);
    });
    return result;
}

class BatchNormFunction : public torch::autograd::Function<BatchNormFunction> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& scale,
                          const Tensor& bias, const Tensor& residual, const BatchNorm& layer,
                          Activation activation) {
        Saved saved{.x = channels_last(x),
                    .y = {},
                    .mean = layer.mean.to(torch::kFloat64),
                    .inverse = {},
                    .scale = scale,
                    .bias = bias,
                    .activation = activation,
                    .training = layer.training};
        const bool half = x.scalar_type() == torch::kBFloat16;
        const Rows rows(x);
        Tensor variance = layer.variance.to(torch::kFloat64);
        if (layer.training) {
            Statistics batch = half ? batch_statistics<Bf16>(rows, saved.x)
                                    : batch_statistics<float>(rows, saved.x);
            update_running(layer, batch, rows.pixels);
            saved.mean = batch.mean;
            variance = batch.variance;
        }
        saved.inverse = (variance + layer.epsilon).rsqrt();
        Tensor y = torch::empty_like(saved.x);
        const bool joined = residual.numel() > 0;
        const Tensor other = joined ? channels_last(residual) : Tensor();
        half ? normalise_map<Bf16>(rows, saved, other, y)
             : normalise_map<float>(rows, saved, other, y);
        if (joined && activation != Activation::none) saved.y = y;
        save(context, saved);
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const Saved saved = restore(context);
        const Tensor dy = channels_last(gradients[0].to(saved.x.scalar_type()));
        const Rows rows(saved.x);
        const Gradients result = saved.x.scalar_type() == torch::kBFloat16
                                     ? backward_map<Bf16>(rows, saved, dy)
                                     : backward_map<float>(rows, saved, dy);
        return {result.x, result.scale, result.bias, result.residual, {}, {}};
    }

private:
    /// As LibTorch: the running variance is the unbiased one.
    static void update_running(const BatchNorm& layer, const Statistics& batch,
                               std::int64_t count) {
        const double unbiased =
            static_cast<double>(count) / static_cast<double>(std::max<std::int64_t>(count - 1, 1));
        const torch::NoGradGuard no_gradient;
        Tensor mean = layer.mean;
        Tensor variance = layer.variance;
        mean.lerp_(batch.mean.to(torch::kFloat32), layer.momentum);
        variance.lerp_((batch.variance * unbiased).to(torch::kFloat32), layer.momentum);
    }

    static void save(AutogradContext* context, const Saved& saved) {
        context->save_for_backward({saved.x, saved.y, saved.scale, saved.bias});
        context->saved_data["mean"] = saved.mean;
        context->saved_data["inverse"] = saved.inverse;
        context->saved_data["activation"] = static_cast<std::int64_t>(saved.activation);
        context->saved_data["training"] = saved.training;
    }

    static Saved restore(AutogradContext* context) {
        const variable_list tensors = context->get_saved_variables();
        return {.x = tensors[0],
                .y = tensors[1],
                .mean = context->saved_data["mean"].toTensor(),
                .inverse = context->saved_data["inverse"].toTensor(),
                .scale = tensors[2],
                .bias = tensors[3],
                .activation = static_cast<Activation>(context->saved_data["activation"].toInt()),
                .training = context->saved_data["training"].toBool()};
    }
};

class DepthwiseFunction : public torch::autograd::Function<DepthwiseFunction> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                          const Tensor& bias, std::int64_t stride, std::int64_t padding) {
        const Tensor map = channels_last(x);
        context->save_for_backward({map, weight});
        context->saved_data["stride"] = stride;
        context->saved_data["padding"] = padding;
        context->saved_data["biased"] = bias.numel() > 0;
        return at::conv2d(map, weight, bias.numel() > 0 ? bias : Tensor(), stride, padding, 1,
                          weight.size(0));
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const variable_list saved = context->get_saved_variables();
        const std::int64_t stride = context->saved_data["stride"].toInt();
        const std::int64_t padding = context->saved_data["padding"].toInt();
        const Tensor& x = saved[0];
        const Tensor& weight = saved[1];
        const Tensor dy = channels_last(gradients[0]);
        const auto dx = std::get<0>(
            at::convolution_backward(dy, x, weight, {}, {stride, stride}, {padding, padding},
                                     {1, 1}, false, {0, 0}, weight.size(0), {true, false, false}));
        const Tensor dw = x.scalar_type() == torch::kBFloat16
                              ? weight_gradient<Bf16>(x, dy, weight, stride, padding)
                              : weight_gradient<float>(x, dy, weight, stride, padding);
        Tensor dbias;
        if (context->saved_data["biased"].toBool())
            dbias = dy.sum({0, 2, 3}, false, torch::kFloat32).to(weight.scalar_type());
        return {dx, dw.to(weight.scalar_type()), dbias, {}, {}};
    }

private:
    template <typename T>
    static Tensor weight_gradient(const Tensor& x, const Tensor& dy, const Tensor& weight,
                                  std::int64_t stride, std::int64_t padding) {
        const std::int64_t taps = weight.size(2);
        const DepthwiseShape shape{.channels = x.size(1),
                                   .taps = taps,
                                   .stride = stride,
                                   .padding = padding,
                                   .input_rows = x.size(2),
                                   .input_columns = x.size(3),
                                   .output_rows = dy.size(2),
                                   .output_columns = dy.size(3)};
        const std::int64_t rows = dy.size(0) * dy.size(2);
        const Tensor sums = torch::zeros({kParts, taps, taps, x.size(1)});
        auto* to = sums.data_ptr<float>();
        for_each_in_parallel(kParts, [&](std::int64_t part) {
            add_depthwise_sums(shape, elements<T>(x), elements<T>(dy), rows * part / kParts,
                               rows * (part + 1) / kParts, to + part * taps * taps * x.size(1));
        });
        return sums.sum(0).permute({2, 0, 1}).unsqueeze(1).contiguous();
    }
};

class CornerFunction : public torch::autograd::Function<CornerFunction> {
public:
    static Tensor forward(AutogradContext*, const Tensor& fine, const Tensor& corners) {
        const Tensor map = channels_last(fine);
        const Tensor pixels = channels_last(corners);
        Tensor sum = torch::empty_like(map);
        fine.scalar_type() == torch::kBFloat16 ? add<Bf16>(map, pixels, sum)
                                               : add<float>(map, pixels, sum);
        return sum;
    }

    static variable_list backward(AutogradContext*, variable_list gradients) {
        const Tensor dy = channels_last(gradients[0]);
        Tensor corners =
            torch::empty({dy.size(0), 4 * dy.size(1), dy.size(2) / 2 + 1, dy.size(3) / 2 + 1},
                         dy.options(), at::MemoryFormat::ChannelsLast);
        dy.scalar_type() == torch::kBFloat16 ? gather<Bf16>(dy, corners)
                                             : gather<float>(dy, corners);
        return {dy, corners};
    }

private:
    /// Calls f(row of pixels in all images, whether it is inside, where its corners' pixels begin)
    /// for each row of the corners' pixels, with one above and one below the map.
    template <typename F>
    static void for_each_row(const Tensor& map, F&& f) {
        const std::int64_t rows = map.size(2);
        const std::int64_t width = 4 * map.size(1) * (map.size(3) / 2 + 1);
        for_each_in_parallel(map.size(0) * (rows + 2), [&](std::int64_t i) {
            const std::int64_t image = i / (rows + 2);
            const std::int64_t row = i % (rows + 2);  // 0 is the one above
            const bool inside = row > 0 && row <= rows;
            const std::int64_t corner_row = image * (rows / 2 + 1) + row / 2;
            f(image * rows + row - 1, inside, corner_row * width + row % 2 * 2 * map.size(1));
        });
    }

    template <typename T>
    static void add(const Tensor& fine, const Tensor& corners, const Tensor& sum) {
        const std::int64_t channels = fine.size(1);
        const std::int64_t width = fine.size(3) * channels;
        for_each_row(fine, [&](std::int64_t row, bool inside, std::int64_t first) {
            if (inside)
                add_corners(elements<T>(fine) + row * width, elements<T>(corners) + first,
                            fine.size(3), channels, elements<T>(sum) + row * width);
        });
    }

    template <typename T>
    static void gather(const Tensor& map, const Tensor& corners) {
        const std::int64_t channels = map.size(1);
        const std::int64_t pixels = map.size(3);
        for_each_row(map, [&](std::int64_t row, bool inside, std::int64_t first) {
            const T* from = elements<T>(map) + row * pixels * channels;
            T* to = elements<T>(corners) + first;
            for (std::int64_t j = 0; j <= pixels / 2; ++j, to += 4 * channels) {
                const std::int64_t begin = inside ? std::max<std::int64_t>(2 * j - 1, 0) : 0;
                const std::int64_t end = inside ? std::min(2 * j + 1, pixels) : 0;
                std::fill_n(to, 2 * channels, T{});
                std::copy(from + begin * channels, from + end * channels,
                          to + (inside ? begin - 2 * j + 1 : 0) * channels);
            }
        });
    }
};

class GateFunction : public torch::autograd::Function<GateFunction> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& gate,
                          bool adds_input) {
        const Tensor map = channels_last(x);
        const Tensor factor = gate.detach().to(torch::kFloat32).reshape({x.size(0), x.size(1)}) +
                              (adds_input ? 1 : 0);
        context->save_for_backward({map});
        context->saved_data["factor"] = factor;
        Tensor y = torch::empty_like(map);
        x.scalar_type() == torch::kBFloat16 ? multiply<Bf16>(map, factor, y)
                                            : multiply<float>(map, factor, y);
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const Tensor x = context->get_saved_variables()[0];
        const Tensor factor = context->saved_data["factor"].toTensor();
        const Tensor dy = channels_last(gradients[0].to(x.scalar_type()));
        const bool half = x.scalar_type() == torch::kBFloat16;
        Tensor dx = torch::empty_like(x);
        half ? multiply<Bf16>(dy, factor, dx) : multiply<float>(dy, factor, dx);
        const Tensor sums = half ? products<Bf16>(dy, x) : products<float>(dy, x);
        return {dx, sums.to(x.scalar_type()).view({x.size(0), x.size(1), 1, 1}), {}};
    }

private:
    /// y = x * factor, factor f32 [N, C].
    template <typename T>
    static void multiply(const Tensor& x, const Tensor& factor, const Tensor& y) {
        for (std::int64_t n = 0; n < x.size(0); ++n) {
            const Tensor image = x.narrow(0, n, 1);
            const Tensor result = y.narrow(0, n, 1);
            const Rows rows(image);
            const Tensor scale = rows.repeated(factor[n]);
            const Tensor offset = torch::zeros_like(scale);
            rows.for_each_part([&](std::int64_t, std::int64_t first, std::int64_t count) {
                const std::int64_t start = first * rows.width();
                normalise<T>(elements<T>(image) + start, nullptr, count, rows.width(),
                             floats(scale), floats(offset), Activation::none,
                             elements<T>(result) + start);
            });
        }
    }

    /// The sums of dy * x over the pixels, f64 [N, C].
    template <typename T>
    static Tensor products(const Tensor& dy, const Tensor& x) {
        std::vector<Tensor> images;
        for (std::int64_t n = 0; n < x.size(0); ++n) {
            const Tensor image = x.narrow(0, n, 1);
            const Tensor gradient = dy.narrow(0, n, 1);
            const Rows rows(image);
            const Tensor zero = torch::zeros({rows.width()});
            images.push_back(rows.sums(
                [&](std::int64_t first, std::int64_t count, double* sum, double* product) {
                    const std::int64_t start = first * rows.width();
                    const NormaliseGradient<T> from{elements<T>(gradient) + start,
                                                    elements<T>(image) + start,
                                                    nullptr,
                                                    floats(zero),
                                                    floats(zero),
                                                    Activation::none};
                    add_gradient_sums<T>(from, count, rows.width(), floats(zero), sum, product,
                                         nullptr);
                })[1]);
        }
        return torch::stack(images);
    }
};

class PoolFunction : public torch::autograd::Function<PoolFunction> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& x) {
        context->saved_data["dims"] = x.sizes().vec();
        return x.mean({2, 3}, true);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const std::vector<std::int64_t> dims = context->saved_data["dims"].toIntVector();
        const Tensor& dy = gradients[0];
        Tensor dx = torch::empty(dims, dy.options(), at::MemoryFormat::ChannelsLast);
        const Tensor share = dy / static_cast<double>(dims[2] * dims[3]);
        dy.scalar_type() == torch::kBFloat16 ? spread<Bf16>(share, dx) : spread<float>(share, dx);
        return {dx};
    }

private:
    template <typename T>
    static void spread(const Tensor& values, const Tensor& map) {
        for (std::int64_t n = 0; n < map.size(0); ++n) {
            const Tensor image = map.narrow(0, n, 1);
            const Rows rows(image);
            const Tensor row = values[n].flatten().repeat({rows.repeats}).contiguous();
            rows.for_each_part([&](std::int64_t, std::int64_t first, std::int64_t count) {
                T* to = elements<T>(image) + first * rows.width();
                for (std::int64_t i = 0; i < count; ++i)
                    to = std::copy_n(elements<T>(row), rows.width(), to);
            });
        }
    }
};

/// y = a f(x) + b. Backwards: dx = a dy f'(x), da = sum dy f(x), db = sum dy.
class ScaledActivationFunction : public torch::autograd::Function<ScaledActivationFunction> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& scale,
                          const Tensor& offset, Activation activation) {
        const Tensor map = channels_last(x);
        context->save_for_backward({map, scale, offset});
        context->saved_data["activation"] = static_cast<std::int64_t>(activation);
        const Tensor y = torch::empty_like(map);
        const auto a = scale.item<float>();
        const auto b = offset.item<float>();
        by_type(map, [&]<typename T>() {
            for_each_part(map, [&](std::int64_t, std::int64_t first, std::int64_t count) {
                scale_activation(elements<T>(map) + first, count, a, b, activation,
                                 elements<T>(y) + first);
            });
        });
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const variable_list saved = context->get_saved_variables();
        const Tensor& x = saved[0];
        const auto activation = static_cast<Activation>(context->saved_data["activation"].toInt());
        const Tensor dy = channels_last(gradients[0].to(x.scalar_type()));
        const Tensor dx = torch::empty_like(x);
        Tensor parts = torch::zeros({kParts, 2}, torch::kFloat64);
        auto* sums = parts.data_ptr<double>();
        const auto a = saved[1].item<float>();
        by_type(x, [&]<typename T>() {
            for_each_part(x, [&](std::int64_t part, std::int64_t first, std::int64_t count) {
                scaled_activation_gradient(elements<T>(dy) + first, elements<T>(x) + first, count,
                                           a, activation, elements<T>(dx) + first, sums + 2 * part);
            });
        });
        const Tensor total = parts.sum(0).to(torch::kFloat32);
        return {dx, total[0].reshape(saved[1].sizes()), total[1].reshape(saved[2].sizes()), {}};
    }

private:
    template <typename F>
    static void by_type(const Tensor& x, F&& f) {
        x.scalar_type() == torch::kBFloat16 ? f.template operator()<Bf16>()
                                            : f.template operator()<float>();
    }

    template <typename F>
    static void for_each_part(const Tensor& x, F&& f) {
        const std::int64_t count = x.numel();
        for_each_in_parallel(kParts, [&](std::int64_t part) {
            const std::int64_t first = count * part / kParts;
            f(part, first, count * (part + 1) / kParts - first);
        });
    }
};

bool has_kernels(const Tensor& x) {
    const auto type = x.scalar_type();
    return x.is_cpu() && x.dim() == 4 && (type == torch::kFloat32 || type == torch::kBFloat16);
}

Tensor plain_batch_norm(const BatchNorm& layer, const Tensor& x, const Tensor& residual,
                        Activation activation) {
    Tensor z = at::batch_norm(x, layer.scale, layer.bias, layer.mean, layer.variance,
                              layer.training, layer.momentum, layer.epsilon, true);
    if (residual.defined()) z = z + residual;
    if (activation == Activation::relu) return z.relu();
    return activation == Activation::hard_swish ? at::hardswish(z) : z;
}

}  // namespace

Tensor batch_norm(const BatchNorm& layer, const Tensor& x, const Tensor& residual,
                  Activation activation) {
    if (!has_kernels(x)) return plain_batch_norm(layer, x, residual, activation);
    // Functions take no undefined tensors: an empty one stands for no residual.
    const Tensor other = residual.defined() ? residual : at::empty({0}, x.options());
    return BatchNormFunction::apply(x, layer.scale, layer.bias, other, layer, activation);
}

Tensor depthwise_conv(const Tensor& x, const Tensor& weight, const Tensor& bias,
                      std::int64_t stride, std::int64_t padding) {
    const bool suits = weight.size(2) == 3 || weight.size(2) == 5;
    if (!has_kernels(x) || !suits)
        return at::conv2d(x, weight, bias, stride, padding, 1, weight.size(0));
    // As in batch_norm().
    const Tensor some_bias = bias.defined() ? bias : at::empty({0}, x.options());
    return DepthwiseFunction::apply(x, weight, some_bias, stride, padding);
}

Tensor scaled_activation(const Tensor& x, Activation activation, const Tensor& scale,
                         const Tensor& offset) {
    if (has_kernels(x)) return ScaledActivationFunction::apply(x, scale, offset, activation);
    const Tensor y = activation == Activation::relu ? x.relu() : at::hardswish(x);
    return (y * scale.reshape({}) + offset.reshape({})).to(x.scalar_type());
}

Tensor add_corner_pixels(const Tensor& fine, const Tensor& corners) {
    if (has_kernels(fine)) return CornerFunction::apply(fine, corners);
    const std::int64_t h = fine.size(2);
    const std::int64_t w = fine.size(3);
    return fine + corners.permute({0, 2, 3, 1})
                      .reshape({fine.size(0), h / 2 + 1, w / 2 + 1, 2, 2, fine.size(1)})
                      .permute({0, 1, 3, 2, 4, 5})
                      .reshape({fine.size(0), h + 2, w + 2, fine.size(1)})
                      .slice(1, 1, h + 1)
                      .slice(2, 1, w + 1)
                      .permute({0, 3, 1, 2});
}

Tensor gated(const Tensor& x, const Tensor& gate, bool adds_input) {
    if (has_kernels(x)) return GateFunction::apply(x, gate, adds_input);
    return adds_input ? x * (gate + 1) : x * gate;
}

Tensor global_average_pool(const Tensor& x) {
    return has_kernels(x) ? PoolFunction::apply(x) : x.mean({2, 3}, true);
}

}  // namespace dbnet::train
