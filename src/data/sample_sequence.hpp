#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "data/picture_cache.hpp"
#include "data/sample.hpp"
#include "data/sampler.hpp"

namespace dbnet::data {

/// Told once of each file that cannot be used, or not all of it, from any thread, one call at a
/// time.
using FileErrorSink = std::function<void(const std::string& message)>;

/// The endless samples of a training run, by their position over all epochs. The sample at a
/// position is a function of the data sets, the options, the seed and the position. When its file
/// cannot be used the next one in the epoch's order stands in for it. Thread-safe.
class SampleSequence {
public:
    /// The data sets must outlive the sequence. Pictures are kept in memory up to `cache_bytes`.
    /// Throws Error{invalid_argument}.
    SampleSequence(const std::vector<Dataset>& datasets, const SampleOptions& options,
                   std::uint64_t seed, FileErrorSink on_error, std::uint64_t cache_bytes = 0);

    std::uint64_t epoch_size() const noexcept { return sampler_.epoch_size(); }

    /// Throws Error{malformed} when no file of an epoch can be used.
    Sample at(std::uint64_t position);

private:
    PictureCache::Opened open(const DatasetSpec& spec, const LabelledImage& image);
    std::optional<WordSource> word_source(const Sampler::Order& order, core::Random& random);
    void report(const std::string& file, const std::string& message);

    const std::vector<Dataset>& datasets_;
    const SampleOptions options_;
    const std::uint64_t seed_;
    const FileErrorSink on_error_;
    const Sampler sampler_;
    PictureCache pictures_;
    void note_text(bool has_text, const DatasetSpec& spec);

    std::atomic<std::uint64_t> without_text_ = 0;  ///< samples so far, none of which had text
    std::atomic<bool> has_text_ = false;
    std::mutex mutex_;  ///< of reported_ and the calls of on_error_
    std::set<std::string> reported_;
};

}  // namespace dbnet::data
