#pragma once

#include <string>
#include <vector>

#include <dbnet/image.hpp>

#include "core/random.hpp"
#include "data/augment.hpp"
#include "data/dataset.hpp"
#include "data/targets.hpp"

namespace dbnet::data {

struct SampleOptions {
    AugmentOptions augment;
    TargetOptions targets;
};

/// What a network sees in one training step of one image, and what it should answer.
struct Sample {
    std::string source;             ///< what it was made of: LabelledImage::image
    Image picture;                  ///< of the size that the augmentation has
    std::vector<TextLabel> labels;  ///< as they lie in the picture
    TargetMaps targets;
};

/// Reads (or makes) an image and its labels, augments both and draws the target maps. A function of
/// the files, the options and the state of `random`. Throws as read_picture does.
Sample make_sample(const DatasetSpec& spec, const LabelledImage& image,
                   const SampleOptions& options, core::Random random);

}  // namespace dbnet::data
