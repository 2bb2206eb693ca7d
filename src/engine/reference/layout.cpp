#include "engine/reference/operators.hpp"

// Operators that move elements, keep them, or read extents; on any type.
namespace dbnet::engine::reference {
namespace {

/// Copies `count` elements: to[to_first...] = from[from_first...].
void copy_elements(const Buffer& to, std::int64_t to_first, const Buffer& from,
                   std::int64_t from_first, std::int64_t count) {
    if (count == 0) return;  // there may be no memory to point to
    const std::size_t size = model::size_of(to.type());
    std::memcpy(
        static_cast<std::byte*>(to.data()) + static_cast<std::size_t>(to_first) * size,
        static_cast<const std::byte*>(from.data()) + static_cast<std::size_t>(from_first) * size,
        static_cast<std::size_t>(count) * size);
}

/// `part` lies in `whole` from element `first` of `axis` on; copies it in or out.
enum class Direction { into_whole, out_of_whole };

void copy_part(const Buffer& whole, const Buffer& part, std::size_t axis, std::int64_t first,
               Direction direction) {
    const std::size_t rank = whole.dims().size();
    const std::int64_t rows = product(whole.dims(), 0, axis);
    const std::int64_t whole_row = product(whole.dims(), axis, rank);
    const std::int64_t part_row = product(part.dims(), axis, rank);
    const std::int64_t start = first * product(whole.dims(), axis + 1, rank);
    for (std::int64_t row = 0; row < rows; ++row)
        if (direction == Direction::into_whole)
            copy_elements(whole, row * whole_row + start, part, row * part_row, part_row);
        else
            copy_elements(part, row * part_row, whole, row * whole_row + start, part_row);
}

/// Where element `place` of a padded axis comes from: the place in the input, or -1.
std::int64_t unpadded(model::PadMode mode, std::int64_t place, std::int64_t extent) {
    if (place >= 0 && place < extent) return place;
    if (mode == model::PadMode::constant) return -1;
    if (mode == model::PadMode::edge) return std::clamp<std::int64_t>(place, 0, extent - 1);
    const std::int64_t period = std::max<std::int64_t>(2 * (extent - 1), 1);
    const std::int64_t phase = (place % period + period) % period;
    return std::min(phase, period - phase) % extent;
}

}  // namespace

Values cast(const Call& call) {
    return {buffer_of(tensor_of(call[0]).cast(model::cast_type(call.node)))};
}

Values concat(const Call& call) {
    model::Dims dims = call[0].dims();
    const std::size_t axis = model::axis_attribute(call.node, dims.size());
    dims[axis] = 0;
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
        const model::Dims& part = call[i].dims();
        model::Dims expected = dims;
        if (part.size() == dims.size()) expected[axis] = part[axis];
        if (part != expected)
            call.fail(ErrorCode::malformed, "'", call.node.inputs[i], "' has extents ",
                      model::to_string(part), ", which do not match the others outside axis ",
                      axis);
        dims[axis] += part[axis];
    }
    const Buffer output = Buffer::host(call[0].type(), std::move(dims));
    std::int64_t first = 0;
    for (const Buffer& part : call.inputs) {
        copy_part(output, part, axis, first, Direction::into_whole);
        first += part.dims()[axis];
    }
    return {output};
}

Values constant(const Call& call) {
    const auto found = call.node.attributes.find("value");
    if (found == call.node.attributes.end() ||
        !std::holds_alternative<model::Tensor>(found->second))
        call.fail(ErrorCode::malformed, "the attribute value is not a tensor");
    return {buffer_of(std::get<model::Tensor>(found->second))};
}

Values constant_of_shape(const Call& call) {
    const Buffer value = buffer_of(model::constant_of_shape_value(call.node));
    return {rearranged(value, call.ints(0), [](const Index&) { return 0; })};
}

/// Output element (c, y, x) is input element (y % b, x % b, c) (DCR) or (c, y % b, x % b) (CRD) of
/// the channels, at (y / b, x / b).
Values depth_to_space(const Call& call) {
    const Buffer& input = call[0];
    const auto [block, channels_first, dims] =
        model::depth_to_space_attributes(call.node, input.dims());
    const Index strides = strides_of(input.dims());
    const std::int64_t channels = dims[1];
    return {rearranged(input, dims, [&, block = block, first = channels_first](const Index& index) {
        const std::int64_t tap = index[2] % block * block + index[3] % block;
        const std::int64_t channel =
            first ? index[1] * block * block + tap : tap * channels + index[1];
        return index[0] * strides[0] + channel * strides[1] + index[2] / block * strides[2] +
               index[3] / block * strides[3];
    })};
}

Values expand(const Call& call) {
    const Buffer& input = call[0];
    const model::Dims dims = model::expand_dims(call.node, input.dims(), call.ints(1));
    const Index strides = broadcast_strides(input.dims(), dims.size());
    return {rearranged(input, dims,
                       [&](const Index& index) { return offset_of(index, strides, dims.size()); })};
}

Values flatten(const Call& call) {
    return {reshaped(call[0], model::flatten_dims(call.node, call[0].dims()))};
}

Values gather(const Call& call) {
    const Buffer& data = call[0];
    const std::size_t rank = data.dims().size();
    const std::size_t axis = model::axis_attribute(call.node, rank);
    const std::int64_t extent = data.dims()[axis];
    const std::int64_t rows = product(data.dims(), 0, axis);
    const std::int64_t inner = product(data.dims(), axis + 1, rank);
    model::Dims dims(data.dims().begin(), data.dims().begin() + static_cast<std::ptrdiff_t>(axis));
    dims.insert(dims.end(), call[1].dims().begin(), call[1].dims().end());
    dims.insert(dims.end(), data.dims().begin() + static_cast<std::ptrdiff_t>(axis) + 1,
                data.dims().end());
    const Buffer output = Buffer::host(data.type(), std::move(dims));
    const std::vector<std::int64_t> picked = call.ints(1);
    std::int64_t to = 0;
    for (std::int64_t row = 0; row < rows; ++row)
        for (const std::int64_t index : picked) {
            if (index < -extent || index >= extent)
                call.fail(ErrorCode::malformed, "index ", index, " into an axis of ", extent);
            const std::int64_t place = index < 0 ? index + extent : index;
            copy_elements(output, to, data, (row * extent + place) * inner, inner);
            to += inner;
        }
    return {output};
}

Values identity(const Call& call) { return {reshaped(call[0], call[0].dims())}; }

Values pad(const Call& call) {
    const Buffer& input = call[0];
    const model::PadAttributes attributes =
        model::pad_attributes(call.node, input.dims(), call.ints(1), call.ints(3));
    if (input.size() == 0 && attributes.mode != model::PadMode::constant)
        call.fail(ErrorCode::malformed, "nothing to repeat: the input has no elements");
    if (call.has(2) && call[2].size() != 1)
        call.fail(ErrorCode::malformed, "the padding value is not one number");
    const void* fill = call.has(2) ? call[2].data() : kZero.data();
    const Index strides = strides_of(input.dims());
    const auto source = [&](const Index& index) {
        std::int64_t offset = 0;
        for (std::size_t axis = 0; axis < input.dims().size(); ++axis) {
            const std::int64_t place =
                unpadded(attributes.mode, index[axis] - attributes.begin[axis], input.dims()[axis]);
            if (place < 0) return std::int64_t{-1};
            offset += place * strides[axis];
        }
        return offset;
    };
    return {rearranged(input, attributes.output, source, fill)};
}

Values reshape(const Call& call) {
    return {reshaped(call[0], model::reshape_dims(call.node, call[0].dims(), call.ints(1)))};
}

Values shape(const Call& call) {
    const model::Dims& dims = call[0].dims();
    const model::ShapeRange range = model::shape_range(call.node, dims.size());
    const std::span<const std::int64_t> part(dims.data() + range.first, range.last - range.first);
    return {buffer_of(model::Tensor::of({static_cast<std::int64_t>(part.size())}, part))};
}

Values slice(const Call& call) {
    const Buffer& input = call[0];
    const std::vector<model::SliceRange> ranges = model::slice_ranges(
        call.node, input.dims(), call.ints(1), call.ints(2), call.ints(3), call.ints(4));
    model::Dims dims;
    for (const model::SliceRange& range : ranges) dims.push_back(range.count);
    const Index strides = strides_of(input.dims());
    return {rearranged(input, std::move(dims), [&](const Index& index) {
        std::int64_t offset = 0;
        for (std::size_t axis = 0; axis < ranges.size(); ++axis)
            offset += (ranges[axis].start + index[axis] * ranges[axis].step) * strides[axis];
        return offset;
    })};
}

Values split(const Call& call) {
    const Buffer& input = call[0];
    const model::SplitAttributes attributes =
        model::split_attributes(call.node, input.dims(), call.ints(1));
    Values outputs;
    std::int64_t first = 0;
    for (const std::int64_t extent : attributes.sizes) {
        model::Dims dims = input.dims();
        dims[attributes.axis] = extent;
        outputs.push_back(Buffer::host(input.type(), std::move(dims)));
        copy_part(input, outputs.back(), attributes.axis, first, Direction::out_of_whole);
        first += extent;
    }
    return outputs;
}

Values squeeze(const Call& call) {
    return {reshaped(call[0], model::squeeze_dims(call.node, call[0].dims(), call.ints(1)))};
}

Values transpose(const Call& call) {
    const Buffer& input = call[0];
    const std::vector<std::size_t> permutation =
        model::transpose_permutation(call.node, input.dims().size());
    const Index strides = strides_of(input.dims());
    model::Dims dims;
    Index permuted{};
    for (std::size_t axis = 0; axis < permutation.size(); ++axis) {
        dims.push_back(input.dims()[permutation[axis]]);
        permuted[axis] = strides[permutation[axis]];
    }
    return {rearranged(input, std::move(dims), [&](const Index& index) {
        return offset_of(index, permuted, permutation.size());
    })};
}

Values unsqueeze(const Call& call) {
    return {reshaped(call[0], model::unsqueeze_dims(call.node, call[0].dims(), call.ints(1)))};
}

}  // namespace dbnet::engine::reference
