#pragma once

#include <memory>
#include <vector>

#include "engine/cpu/kernels/fusion.hpp"
#include "engine/cpu/kernels/pyramid_conv.hpp"

namespace dbnet::engine::cpu {

/// Dense weights of a convolution: [out][in][kernel], of a transposed one: [in][out][kernel].
struct ConvWeights {
    int in = 0;
    int out = 0;
    std::vector<float> weights;
    std::vector<float> bias;  ///< empty: none
};

/// The end of a DB head: transposed convolution 2x2 stride 2, ReLU, transposed convolution 2x2
/// stride 2 to one channel, sigmoid (specification, section 3.1). A 2x2 convolution with stride 2
/// is four independent 1x1 ones, so one input pixel becomes a 4x4 patch of the map without a
/// neighbour's help: a tile of one row at a time, nothing in between leaves the cache.
class HeadTail {
public:
    HeadTail(const ConvWeights& first, const ConvWeights& second, const RowKernels& kernels);

    int in_channels() const { return in_; }
    std::size_t weight_bytes() const;
    /// Floats of working memory for a tile.
    std::size_t scratch_floats(int tile_width) const;

    /// `rows`: in_channels() + 1 channels `plane` floats apart, the last filled with ones; `count`
    /// pixels. `map`: where the patch of the first pixel begins in an image of width `map_width`.
    void run(const float* rows, std::ptrdiff_t plane, int count, float* map,
             std::ptrdiff_t map_width, float* scratch) const;

private:
    const RowKernels& kernels_;
    int in_;
    int middle_;
    std::array<std::vector<float>, 4> first_;  ///< per output position 2y + x
    std::vector<float> second_;                ///< four outputs: positions
};

/// [N, in_channels, H, W] -> [N, 1, 4H, 4W]; nullptr for other inputs.
std::unique_ptr<FusedKernel> make_head_tail_kernel(std::shared_ptr<const HeadTail> tail,
                                                   const model::Dims& input);

}  // namespace dbnet::engine::cpu
