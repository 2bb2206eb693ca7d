#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <dbnet/image.hpp>

#include "core/random.hpp"
#include "data/augment.hpp"
#include "data/dataset.hpp"
#include "data/paste.hpp"
#include "data/picture_cache.hpp"
#include "data/soft_map.hpp"
#include "data/targets.hpp"

namespace dbnet::data {

struct SampleOptions {
    AugmentOptions augment;
    TargetOptions targets;
    /// Whose maps the samples carry; empty: nobody's.
    std::shared_ptr<const SoftMapSource> teacher = {};
    /// Where the teacher's probability is at least this and no label says text, labels do not
    /// count: rather a word that nobody outlined than none. (0, 1].
    double sure = 0.8;
};

/// What a network sees in one training step of one image, and what it should answer.
struct Sample {
    std::string source;             ///< what it was made of: LabelledImage::image
    Image picture;                  ///< of the size that the augmentation has
    std::vector<TextLabel> labels;  ///< as they lie in the picture, and what is cut goes on beyond
    TargetMaps targets;
    std::vector<std::uint8_t> soft = {};  ///< the teacher's map as it lies in the picture
};

/// Gives another picture to take words from, a random one; nothing where that cannot be used.
using DrawWordSource = std::function<std::optional<WordSource>(core::Random& random)>;

/// Augments a picture and its labels and draws the target maps. Where the view shrinks the picture
/// by 2 or more its pixels come reduced, which also smooths them. `source` is LabelledImage::image.
/// `words` is asked where some are to be pasted; without it none are. A function of the pictures,
/// the options and the state of `random`. Throws as Image::read does.
Sample make_sample(PictureCache::Opened picture, const std::string& source, const DatasetSpec& spec,
                   const SampleOptions& options, core::Random random,
                   const DrawWordSource& words = {});

/// The same of an image that is read (or made) for this. Throws as read_picture does.
Sample make_sample(const DatasetSpec& spec, const LabelledImage& image,
                   const SampleOptions& options, core::Random random);

}  // namespace dbnet::data
