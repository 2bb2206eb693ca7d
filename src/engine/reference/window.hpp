#pragma once

#include "engine/reference/call.hpp"

namespace dbnet::engine::reference {

/// The window at spatial position `position` over a value of extents [N, C, spatial...]: calls
/// f(number of the tap, number of the pixel in its plane) for each tap that falls on a pixel.
template <typename F>
void for_each_tap(const model::Window& window, const model::Dims& dims,
                  const std::int64_t* position, F&& f) {
    std::int64_t tap = 0;
    for_each_index(window.kernel, [&](const Index& element) {
        std::int64_t pixel = 0;
        bool inside = true;
        for (std::size_t axis = 0; axis < window.kernel.size(); ++axis) {
            const std::int64_t place = position[axis] * window.strides[axis] -
                                       window.pads_begin[axis] +
                                       element[axis] * window.dilations[axis];
            inside = inside && place >= 0 && place < dims[axis + 2];
            pixel = pixel * dims[axis + 2] + place;
        }
        if (inside) f(tap, pixel);
        ++tap;
    });
}

}  // namespace dbnet::engine::reference
