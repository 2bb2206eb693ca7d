#pragma once

#include <memory>
#include <vector>

#include <dbnet/image.hpp>

#include "core/random.hpp"
#include "data/augment.hpp"

namespace dbnet::data {

/// A picture that words are taken from.
struct WordSource {
    std::shared_ptr<const Image> pixels;
    std::vector<TextLabel> labels;
    Size resized;  ///< with which it would enter the augmentation
};

/// Pastes up to `count` words of another picture into a sample, each where no text is: its place
/// overlaps no label's box, and its edges fade into what is there. Scale and rotation are drawn as
/// for a sample. The words are appended to `labels`.
void paste_words(const WordSource& source, int count, Size covered, const AugmentOptions& options,
                 core::Random& random, Image& sample, std::vector<TextLabel>& labels);

}  // namespace dbnet::data
