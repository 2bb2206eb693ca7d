#include <cmath>

#include "engine/reference/operators.hpp"
#include "engine/reference/window.hpp"

// Conv:          y[n, m, o] = bias[m] + sum over c, k of w[m, c, k] * x[n, g C' + c, o s - p + k d]
// ConvTranspose: y[n, m, i s - p + k d] += w[c, m, k] * x[n, c, i], bias[m] to start with
// with spatial indices o, i, kernel index k, stride s, dilation d, padding p and C' channels in
// each group g. Both sum in double.
namespace dbnet::engine::reference {
namespace {

/// One number per output channel: the bias, or zeros.
template <typename T>
std::vector<double> bias_of(const Call& call, std::int64_t channels) {
    if (!call.has(2)) return std::vector<double>(static_cast<std::size_t>(channels), 0.0);
    if (call[2].dims() != model::Dims{channels})
        call.fail(ErrorCode::malformed, "bias has extents ", model::to_string(call[2].dims()),
                  ", expected [", channels, "]");
    const std::span<T> bias = elements<T>(call[2]);
    return {bias.begin(), bias.end()};
}

model::Dims output_dims(std::int64_t batch, std::int64_t channels, const model::Window& window) {
    model::Dims dims = {batch, channels};
    dims.insert(dims.end(), window.output.begin(), window.output.end());
    return dims;
}

template <typename T>
Buffer conv_of(const Call& call) {
    const Buffer& input = call[0];
    const Buffer& weight = call[1];
    const model::ConvAttributes attributes =
        model::conv_attributes(call.node, input.dims(), weight.dims());
    const model::Window& window = attributes.window;
    const std::int64_t maps = weight.dims()[0];
    const std::int64_t group_maps = maps / attributes.group;
    const std::int64_t group_channels = weight.dims()[1];
    const std::int64_t channels = input.dims()[1];
    const std::int64_t plane = product(input.dims(), 2, input.dims().size());
    const std::int64_t taps = model::element_count(window.kernel);
    const std::vector<double> bias = bias_of<T>(call, maps);
    Buffer output = Buffer::host(input.type(), output_dims(input.dims()[0], maps, window));
    const T* x = elements<T>(input).data();
    const T* w = elements<T>(weight).data();
    T* y = elements<T>(output).data();
    for_each_index(output.dims(), [&](const Index& index) {
        const std::int64_t first_channel = index[1] / group_maps * group_channels;
        const T* image = x + (index[0] * channels + first_channel) * plane;
        const T* kernel = w + index[1] * group_channels * taps;
        double sum = bias[static_cast<std::size_t>(index[1])];
        for_each_tap(window, input.dims(), &index[2], [&](std::int64_t tap, std::int64_t pixel) {
            for (std::int64_t c = 0; c < group_channels; ++c)
                sum += static_cast<double>(kernel[c * taps + tap]) * image[c * plane + pixel];
        });
        *y++ = static_cast<T>(sum);
    });
    return output;
}

template <typename T>
Buffer conv_transpose_of(const Call& call) {
    const Buffer& input = call[0];
    const Buffer& weight = call[1];
    const model::ConvAttributes attributes =
        model::conv_transpose_attributes(call.node, input.dims(), weight.dims());
    const model::Window& window = attributes.window;
    const std::int64_t group_maps = weight.dims()[1];
    const std::int64_t maps = group_maps * attributes.group;
    const std::int64_t group_channels = input.dims()[1] / attributes.group;
    const std::int64_t taps = model::element_count(window.kernel);
    const model::Dims dims = output_dims(input.dims()[0], maps, window);
    const std::int64_t plane = product(dims, 2, dims.size());
    const std::vector<double> bias = bias_of<T>(call, maps);
    std::vector<double> sums(static_cast<std::size_t>(model::element_count(dims)));
    for (std::size_t i = 0; i < sums.size(); ++i)
        sums[i] = bias[i / static_cast<std::size_t>(plane) % static_cast<std::size_t>(maps)];

    const T* x = elements<T>(input).data();
    const T* w = elements<T>(weight).data();
    for_each_index(input.dims(), [&](const Index& index) {
        const std::int64_t first_map = index[1] / group_channels * group_maps;
        const double value = *x++;
        double* image = sums.data() + (index[0] * maps + first_map) * plane;
        const T* kernel = w + index[1] * group_maps * taps;
        // The roles are swapped: what the window slides over is the output.
        for_each_tap(window, dims, &index[2], [&](std::int64_t tap, std::int64_t pixel) {
            for (std::int64_t m = 0; m < group_maps; ++m)
                image[m * plane + pixel] += value * kernel[m * taps + tap];
        });
    });
    Buffer output = Buffer::host(input.type(), dims);
    std::transform(sums.begin(), sums.end(), elements<T>(output).begin(),
                   [](double sum) { return static_cast<T>(sum); });
    return output;
}

/// The image between its pixels, zero outside.
template <typename T>
double sample(const T* plane, std::int64_t height, std::int64_t width, double y, double x) {
    const double top = std::floor(y);
    const double left = std::floor(x);
    double sum = 0;
    for (const int down : {0, 1})
        for (const int right : {0, 1}) {
            const double row = top + down;
            const double column = left + right;
            if (!(row >= 0 && row < static_cast<double>(height) && column >= 0 &&
                  column < static_cast<double>(width)))
                continue;
            const double weight = (1 - std::abs(y - row)) * (1 - std::abs(x - column));
            sum +=
                weight *
                plane[static_cast<std::int64_t>(row) * width + static_cast<std::int64_t>(column)];
        }
    return sum;
}

template <typename T>
Buffer deform_conv_of(const Call& call) {
    const Buffer& input = call[0];
    const model::Dims& dims = input.dims();
    const model::Dims& weight = call[1].dims();
    const auto [window, group, offset_group] =
        model::deform_conv_attributes(call.node, dims, weight);
    const std::int64_t taps = model::element_count(window.kernel);
    const std::int64_t maps = weight[0];
    std::vector<double> bias(static_cast<std::size_t>(maps), 0.0);
    if (call.has(3)) std::ranges::copy(elements<T>(call[3]), bias.begin());
    Buffer output = Buffer::host(input.type(), output_dims(dims[0], maps, window));
    const model::Dims expected = output_dims(dims[0], 2 * offset_group * taps, window);
    model::Dims masks = expected;
    masks[1] /= 2;
    if (call[2].dims() != expected || (call.has(4) && call[4].dims() != masks))
        call.fail(ErrorCode::malformed, "offsets have extents ", model::to_string(call[2].dims()),
                  ", expected ", model::to_string(expected), " and half the channels for masks");
    const Index offset_strides = strides_of(expected);
    const Index mask_strides = strides_of(masks);
    T* result = elements<T>(output).data();
    for_each_index(output.dims(), [&](const Index& index) {
        const std::int64_t first = index[1] / (maps / group) * weight[1];
        double sum = bias[static_cast<std::size_t>(index[1])];
        for (std::int64_t c = 0; c < weight[1]; ++c)
            for (std::int64_t tap = 0; tap < taps; ++tap) {
                const std::int64_t channel = first + c;
                const std::int64_t slot = channel / (dims[1] / offset_group) * taps + tap;
                const auto offset = [&](std::int64_t coordinate) {
                    const Index place = {index[0], 2 * slot + coordinate, index[2], index[3]};
                    return static_cast<double>(elements<T>(
                        call[2])[static_cast<std::size_t>(offset_of(place, offset_strides, 4))]);
                };
                const auto start = [&](std::size_t axis, std::int64_t step) {
                    return static_cast<double>(index[axis + 2] * window.strides[axis] -
                                               window.pads_begin[axis] +
                                               step * window.dilations[axis]);
                };
                const double y = start(0, tap / window.kernel[1]) + offset(0);
                const double x = start(1, tap % window.kernel[1]) + offset(1);
                double mask = 1;
                if (call.has(4)) {
                    const Index place = {index[0], slot, index[2], index[3]};
                    mask = elements<T>(
                        call[4])[static_cast<std::size_t>(offset_of(place, mask_strides, 4))];
                }
                const T* plane =
                    elements<T>(input).data() + (index[0] * dims[1] + channel) * dims[2] * dims[3];
                const double factor = elements<T>(
                    call[1])[static_cast<std::size_t>((index[1] * weight[1] + c) * taps + tap)];
                sum += factor * mask * sample(plane, dims[2], dims[3], y, x);
            }
        *result++ = static_cast<T>(sum);
    });
    return output;
}

}  // namespace

Values deform_conv(const Call& call) {
    return with_real(call, call[0].type(),
                     [&](auto zero) { return Values{deform_conv_of<decltype(zero)>(call)}; });
}

Values conv(const Call& call) {
    return with_real(call, call[0].type(),
                     [&](auto zero) { return Values{conv_of<decltype(zero)>(call)}; });
}

Values conv_transpose(const Call& call) {
    return with_real(call, call[0].type(),
                     [&](auto zero) { return Values{conv_transpose_of<decltype(zero)>(call)}; });
}

}  // namespace dbnet::engine::reference
