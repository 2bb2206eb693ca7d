#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <dbnet/detector.hpp>
#include <dbnet/image.hpp>

// From an image to the network's input: size rule, resize, colour order, normalisation
// (specification, 6.2 and 6.3).
namespace dbnet::detect {

enum class ChannelOrder { rgb, bgr };

/// How pixels become numbers: channel c of the tensor is (v / 255 - mean[c]) / std[c], v in [0,
/// 255].
struct InputSpec {
    ChannelOrder order = ChannelOrder::rgb;
    std::array<float, 3> mean{0.485f, 0.456f, 0.406f};
    std::array<float, 3> std{0.229f, 0.224f, 0.225f};
    /// MhLiao resizes float32 pixels, the others 8-bit ones (rounded): up to 0.75 grey levels
    /// apart.
    bool resize_in_float = false;
};

/// How an image lies on the network's input: resized to valid_width x valid_height, the rest is
/// zero padding.
struct InputGeometry {
    int width = 0;  ///< of the network's input, multiple of 32
    int height = 0;
    int valid_width = 0;
    int valid_height = 0;
    int image_width = 0;
    int image_height = 0;
    bool capped = false;  ///< scaled down because of the pixel limit
};

/// A part of the network's input, in its pixels; inside it, sides >= 1.
struct Window {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
};

/// Applies a size rule and the cap on the input's pixels. Both sides of the image must be >= 1.
/// Unless the rule fixes both sides of the input, no image is enlarged more than `most_enlargement`
/// times.
InputGeometry plan_input(int image_width, int image_height, const SizeRule& rule,
                         std::int64_t max_pixels,
                         double most_enlargement = std::numeric_limits<double>::infinity());

/// The image in its own resolution, padded on the right and below to at least the given sides and
/// to a multiple of 32 pixels more than these.
InputGeometry plan_own_resolution(int image_width, int image_height, int least_width = 32,
                                  int least_height = 32);

/// The input of a network of which one side or both are fixed (the other one is below 1): the whole
/// image on both, or in its own ratio, rounded up to a multiple of 32 pixels and cut to the cap.
InputGeometry plan_fixed_sides(int image_width, int image_height, std::int64_t width,
                               std::int64_t height, std::int64_t max_pixels);

/// What a user should know about how an image was fitted to the network's input: scaled down so far
/// that text of ordinary size is lost, or made smaller than the size rule says by the cap.
std::vector<std::string> size_warnings(const InputGeometry& geometry);

/// Resizes and normalises in one pass, for one window of the input (the whole of it, or a tile):
/// writes 3 x window.height x window.width floats to `nchw`. The pixels of a window equal those of
/// the whole input at the same place.
void preprocess(const ImageView& image, const InputGeometry& geometry, const Window& window,
                const InputSpec& spec, std::span<float> nchw);

}  // namespace dbnet::detect
