#include <algorithm>

#include "core/error.hpp"
#include "model/attributes.hpp"
#include "model/node_error.hpp"

// Conv, ConvTranspose, MaxPool and AveragePool: the window's geometry as the ONNX operator
// documentation defines it. A pool with ceil_mode drops a last window that would start in the
// padding after the input, as PyTorch and ONNX Runtime do.
namespace dbnet::model {
namespace {

/// Keeps every product with an extent (below 2^34) inside 64 bits.
constexpr std::int64_t kMaxEntry = std::int64_t{1} << 28;

void check_entries(const Node& node, std::string_view name, const Dims& values, std::size_t count,
                   std::int64_t minimum) {
    if (values.size() != count)
        fail_node(ErrorCode::malformed, node, "'", name, "' has ", values.size(), " entries; ",
                  count, " expected");
    for (const std::int64_t value : values)
        if (value < minimum || value > kMaxEntry)
            fail_node(ErrorCode::malformed, node, "'", name, "' has the entry ", value, "; ",
                      minimum, " to ", kMaxEntry, " expected");
}

Dims entries(const Node& node, std::string_view name, std::size_t count, std::int64_t minimum) {
    Dims values = node.get_ints(name, Dims(count, minimum));
    check_entries(node, name, values, count, minimum);
    return values;
}

Dims spatial(const Dims& dims) { return {dims.begin() + 2, dims.end()}; }

/// Extent of the kernel with its holes.
std::int64_t reach(const Window& window, std::size_t d) {
    return (window.kernel[d] - 1) * window.dilations[d] + 1;
}

/// Everything but auto_pad and the output.
Window explicit_window(const Node& node, Dims kernel) {
    const std::size_t count = kernel.size();
    Window window;
    window.kernel = std::move(kernel);
    window.strides = entries(node, "strides", count, 1);
    window.dilations = entries(node, "dilations", count, 1);
    const Dims pads = entries(node, "pads", 2 * count, 0);
    window.pads_begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(count));
    window.pads_end.assign(pads.begin() + static_cast<std::ptrdiff_t>(count), pads.end());
    window.output.assign(count, -1);
    return window;
}

enum class AutoPad { notset, valid, same_upper, same_lower };

AutoPad auto_pad(const Node& node) {
    const std::string name = node.get_string("auto_pad", "NOTSET");
    if (name == "NOTSET") return AutoPad::notset;
    if (name == "VALID") return AutoPad::valid;
    if (name == "SAME_UPPER") return AutoPad::same_upper;
    if (name == "SAME_LOWER") return AutoPad::same_lower;
    fail_node(ErrorCode::unsupported, node, "auto_pad '", name,
              "' is not supported (supported: NOTSET, VALID, SAME_UPPER, SAME_LOWER)");
}

bool is_same(AutoPad pad) { return pad == AutoPad::same_upper || pad == AutoPad::same_lower; }

/// The odd element goes to the end for SAME_UPPER, else to the beginning.
void distribute(Window& window, std::size_t d, std::int64_t total, AutoPad pad) {
    const std::int64_t smaller = total / 2;
    window.pads_begin[d] = pad == AutoPad::same_upper ? smaller : total - smaller;
    window.pads_end[d] = total - window.pads_begin[d];
}

/// auto_pad of Conv and the pools, for one dimension.
void resolve_auto_pad(Window& window, std::size_t d, std::int64_t extent, AutoPad pad) {
    if (pad == AutoPad::valid) distribute(window, d, 0, pad);
    if (!is_same(pad)) return;
    const std::int64_t stride = window.strides[d];
    if (extent < 0 && stride != 1) {
        window.pads_begin[d] = window.pads_end[d] = -1;
        return;
    }
    const std::int64_t covered = stride == 1 ? 0 : ((extent - 1) / stride) * stride - extent + 1;
    distribute(window, d, std::max<std::int64_t>(0, covered + reach(window, d) - 1), pad);
}

std::int64_t windows(const Node& node, const Window& window, std::size_t d, std::int64_t extent,
                     bool ceil_mode) {
    if (extent < 0) return -1;
    const std::int64_t stride = window.strides[d];
    const std::int64_t padded = extent + window.pads_begin[d] + window.pads_end[d];
    const std::int64_t room = padded - reach(window, d);
    if (room < 0)
        fail_node(ErrorCode::malformed, node, "the kernel reaches over ", reach(window, d),
                  " elements, the padded input has ", padded);
    std::int64_t count = room / stride + 1;
    if (ceil_mode && room % stride != 0 && count * stride < extent + window.pads_begin[d]) ++count;
    return count;
}

void slide(const Node& node, Window& window, const Dims& extents, bool ceil_mode) {
    const AutoPad pad = auto_pad(node);
    for (std::size_t d = 0; d < extents.size(); ++d) {
        resolve_auto_pad(window, d, extents[d], pad);
        window.output[d] = windows(node, window, d, extents[d], ceil_mode);
    }
}

void check_rank(const Node& node, const Dims& input) {
    if (input.size() < 3)
        fail_node(ErrorCode::malformed, node, "input ", to_string(input),
                  " has no spatial dimensions; [N, C, ...] expected");
}

/// Checks what Conv and ConvTranspose share; returns the number of groups. `channels` is the
/// number of input channels that the weight has.
std::int64_t check_weight(const Node& node, const Dims& input, const Dims& weight) {
    check_rank(node, input);
    if (weight.size() != input.size())
        fail_node(ErrorCode::malformed, node, "the weight has shape ", to_string(weight),
                  ", the input ", to_string(input), "; the same rank expected");
    if (std::ranges::any_of(weight, [](std::int64_t extent) { return extent <= 0; }))
        fail_node(ErrorCode::unsupported, node, "the weight has shape ", to_string(weight),
                  "; known extents expected");
    const Dims kernel = node.get_ints("kernel_shape", spatial(weight));
    if (kernel != spatial(weight))
        fail_node(ErrorCode::malformed, node, "kernel_shape is ", to_string(kernel),
                  ", but the weight has shape ", to_string(weight));
    check_entries(node, "kernel_shape", kernel, kernel.size(), 1);
    const std::int64_t group = node.get_int("group", 1);
    if (group < 1 || weight[0] % group != 0)
        fail_node(ErrorCode::malformed, node, "group ", group, " does not divide the weight's ",
                  weight[0], " channels");
    return group;
}

void check_channels(const Node& node, const Dims& input, std::int64_t expected) {
    if (input[1] >= 0 && input[1] != expected)
        fail_node(ErrorCode::malformed, node, "input ", to_string(input), " has ", input[1],
                  " channels; the weight needs ", expected);
}

/// Extents that ConvTranspose is told to have; empty where they follow from the pads.
Dims requested_output(const Node& node, const Window& window, const Dims& extents) {
    const std::size_t count = extents.size();
    if (node.has("output_shape")) return entries(node, "output_shape", count, 1);
    if (!is_same(auto_pad(node))) return {};
    Dims shape(count, -1);
    for (std::size_t d = 0; d < count; ++d)
        if (extents[d] >= 0) shape[d] = extents[d] * window.strides[d];
    return shape;
}

}  // namespace

ConvAttributes conv_attributes(const Node& node, const Dims& input, const Dims& weight) {
    const std::int64_t group = check_weight(node, input, weight);
    if (weight[1] > kMaxEntry || group > kMaxEntry)
        fail_node(ErrorCode::malformed, node, "the weight has too many channels");
    check_channels(node, input, weight[1] * group);
    ConvAttributes attributes{explicit_window(node, spatial(weight)), group};
    slide(node, attributes.window, spatial(input), false);
    return attributes;
}

ConvAttributes conv_transpose_attributes(const Node& node, const Dims& input, const Dims& weight) {
    const std::int64_t group = check_weight(node, input, weight);
    check_channels(node, input, weight[0]);
    ConvAttributes attributes{explicit_window(node, spatial(weight)), group};
    Window& window = attributes.window;
    const Dims extents = spatial(input);
    const Dims more = entries(node, "output_padding", extents.size(), 0);
    const Dims requested = requested_output(node, window, extents);
    const AutoPad pad = auto_pad(node);
    for (std::size_t d = 0; d < extents.size(); ++d) {
        if (more[d] >= std::max(window.strides[d], window.dilations[d]) && more[d] > 0)
            fail_node(ErrorCode::malformed, node, "output_padding ", more[d],
                      " is not less than stride and dilation");
        if (pad == AutoPad::valid) distribute(window, d, 0, pad);
        if (extents[d] < 0) {
            if (!requested.empty()) window.output[d] = requested[d];
            continue;
        }
        const std::int64_t full = (extents[d] - 1) * window.strides[d] + reach(window, d) + more[d];
        if (!requested.empty())
            distribute(window, d, std::max<std::int64_t>(0, full - requested[d]), pad);
        window.output[d] =
            requested.empty() ? full - window.pads_begin[d] - window.pads_end[d] : requested[d];
        if (window.output[d] < 1)
            fail_node(ErrorCode::malformed, node, "the pads leave nothing of the output");
    }
    return attributes;
}

DeformConvAttributes deform_conv_attributes(const Node& node, const Dims& input,
                                            const Dims& weight) {
    if (input.size() != 4)
        fail_node(ErrorCode::unsupported, node, "input ", to_string(input),
                  "; [N, C, H, W] is supported");
    const ConvAttributes conv = conv_attributes(node, input, weight);
    DeformConvAttributes attributes{conv.window, conv.group, node.get_int("offset_group", 1)};
    const std::int64_t groups = attributes.offset_group;
    if (groups < 1 || groups > kMaxEntry || (input[1] >= 0 && input[1] % groups != 0))
        fail_node(ErrorCode::malformed, node, "offset_group ", groups,
                  " does not divide the channels of input ", to_string(input));
    return attributes;
}

PoolAttributes pool_attributes(const Node& node, const Dims& input) {
    check_rank(node, input);
    const Dims extents = spatial(input);
    if (!node.has("kernel_shape"))
        fail_node(ErrorCode::malformed, node, "'kernel_shape' is missing");
    if (node.get_int("storage_order", 0) != 0)
        fail_node(ErrorCode::unsupported, node, "storage_order 1 is not supported (supported: 0)");
    PoolAttributes attributes;
    Window& window = attributes.window;
    window = explicit_window(node, entries(node, "kernel_shape", extents.size(), 1));
    attributes.count_include_pad = node.get_int("count_include_pad", 0) != 0;
    slide(node, window, extents, node.get_int("ceil_mode", 0) != 0);
    for (std::size_t d = 0; d < extents.size(); ++d)
        if (std::max(window.pads_begin[d], window.pads_end[d]) >= reach(window, d))
            fail_node(ErrorCode::malformed, node, "the pads ", to_string(window.pads_begin), ", ",
                      to_string(window.pads_end), " are not smaller than the kernel");
    return attributes;
}

}  // namespace dbnet::model
