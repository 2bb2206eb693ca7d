// The feature pyramid of MhLiao's SegDetector (specification, 2.1): 1x1 laterals, nearest
// upsampling and addition from the top down, one 3x3 convolution per level to a quarter of the
// channels, everything upsampled to stride 4 and concatenated.
#include "model/networks/network.hpp"

namespace dbnet::model {

std::string add_fpn(NetworkBuilder& b, const Features& features, int inner) {
    std::vector<std::string> parts;
    std::string above;
    for (int level = 5; level >= 2; --level) {
        const std::string n = std::to_string(level);
        std::string merged =
            b.conv("decoder.in" + n, features[static_cast<std::size_t>(level - 2)], {.out = inner});
        if (!above.empty())
            merged =
                b.combine(Op::Add, "decoder.sum" + n, b.resize("decoder.up" + n, above, 2), merged);
        above = merged;
        // The reference wraps all but the last level's convolution in a Sequential with its
        // upsampling.
        const std::string layer = "decoder.out" + n + (level > 2 ? ".0" : "");
        std::string part = b.conv(layer, merged, {.out = inner / 4, .kernel = 3});
        if (level > 2)
            part = b.resize("decoder.out" + n + ".1", part, static_cast<float>(1 << (level - 2)));
        parts.push_back(part);
    }
    return b.concat("decoder.fuse", parts);
}

}  // namespace dbnet::model
