#include "data/sample_sequence.hpp"

#include <algorithm>
#include <utility>

#include "core/error.hpp"

namespace dbnet::data {
namespace {

/// Whether a file is to blame, so that another may take its place.
bool is_of_file(const Error& error) {
    return error.code() == ErrorCode::io || error.code() == ErrorCode::malformed ||
           error.code() == ErrorCode::unsupported || error.code() == ErrorCode::too_large;
}

}  // namespace

SampleSequence::SampleSequence(const std::vector<Dataset>& datasets, const SampleOptions& options,
                               std::uint64_t seed, FileErrorSink on_error,
                               std::uint64_t cache_bytes)
    : datasets_(datasets),
      options_(options),
      seed_(seed),
      on_error_(std::move(on_error)),
      sampler_(datasets, seed),
      pictures_(cache_bytes) {
    check(options.augment);
}

Sample SampleSequence::at(std::uint64_t position) {
    const std::uint64_t epoch = position / epoch_size();
    const std::uint64_t index = position % epoch_size();
    const core::Random random(seed_, core::concat(epoch, ":", index));
    const auto order = sampler_.order(epoch);
    for (std::uint64_t skipped = 0; skipped < epoch_size(); ++skipped) {
        const auto [dataset, number] = (*order)[(index + skipped) % epoch_size()];
        const LabelledImage& image = datasets_[dataset].images()[number];
        try {
            return make_sample(open(datasets_[dataset].spec(), image), image.image,
                               datasets_[dataset].spec(), options_, random,
                               [&](core::Random& words) { return word_source(*order, words); });
        } catch (const Error& error) {
            if (!is_of_file(error)) throw;
            report(image.image, error.what());
        }
    }
    core::fail(ErrorCode::malformed, "none of the ", epoch_size(),
               " images of an epoch can be used");
}

/// What is malformed in the image's label file is left out.
PictureCache::Opened SampleSequence::open(const DatasetSpec& spec, const LabelledImage& image) {
    std::string first;
    std::size_t problems = 0;
    const auto take_problem = [&](const Error& error) {
        if (problems++ == 0) first = error.what();
    };
    PictureCache::Opened picture = pictures_.open(spec, image, take_problem);
    if (problems > 1) first += core::concat(" (and ", problems - 1, " more problems in this file)");
    if (problems > 0) report(image.labels, first);
    const std::vector<TextLabel>& labels = picture.facts().labels;
    note_text(!std::ranges::all_of(labels, &TextLabel::ignore), spec);
    return picture;
}

/// Any picture of the epoch.
std::optional<WordSource> SampleSequence::word_source(const Sampler::Order& order,
                                                      core::Random& random) {
    const auto [dataset, number] = order[random.below(order.size())];
    const DatasetSpec& spec = datasets_[dataset].spec();
    const LabelledImage& image = datasets_[dataset].images()[number];
    try {
        PictureCache::Opened picture = open(spec, image);
        const PictureFacts& facts = picture.facts();
        return WordSource{picture.pixels(1), facts.labels, spec.resize.apply(facts.size)};
    } catch (const Error& error) {
        if (!is_of_file(error)) throw;
        report(image.image, error.what());
        return std::nullopt;
    }
}

/// Says so, once, if an epoch, or its first thousand images, have nothing to learn.
void SampleSequence::note_text(bool has_text, const DatasetSpec& spec) {
    if (has_text_.load(std::memory_order_relaxed)) return;
    has_text_ = has_text_ || has_text;
    constexpr std::uint64_t kMost = 1000;
    if (!has_text && ++without_text_ == std::min(epoch_size(), kMost))
        report(spec.images, spec.images + ": there is nothing to learn: none of the first " +
                                std::to_string(without_text_) +
                                " images has a text that is not ignored");
}

void SampleSequence::report(const std::string& file, const std::string& message) {
    const std::lock_guard lock(mutex_);
    if (reported_.insert(file).second && on_error_) on_error_(message);
}

}  // namespace dbnet::data
