#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "data/dataset.hpp"

namespace dbnet::data {

/// The order in which the images of several data sets are seen: a function of the seed and the
/// epoch. An epoch has round(weight x images) picks of each data set, shuffled together; over the
/// epochs the images of a data set take turns, so that none comes a second time before all others
/// came. Thread-safe.
class Sampler {
public:
    struct Pick {
        std::size_t dataset = 0;
        std::size_t image = 0;
        friend bool operator==(const Pick&, const Pick&) = default;
    };
    using Order = std::vector<Pick>;

    /// Throws Error{invalid_argument} when there is no data set.
    Sampler(const std::vector<Dataset>& datasets, std::uint64_t seed);

    std::uint64_t epoch_size() const noexcept { return epoch_size_; }
    std::shared_ptr<const Order> order(std::uint64_t epoch) const;

private:
    struct Share {
        std::uint64_t images;
        std::uint64_t picks;  ///< of an epoch
    };

    Order make_order(std::uint64_t epoch) const;

    std::vector<Share> shares_;
    std::uint64_t seed_;
    std::uint64_t epoch_size_ = 0;
    mutable std::mutex mutex_;
    struct Cached {
        std::uint64_t epoch = 0;
        std::shared_ptr<const Order> order;
    };
    /// Of an even and of an odd epoch: where one ends both are asked for in turns.
    mutable std::array<Cached, 2> cached_;
};

}  // namespace dbnet::data
