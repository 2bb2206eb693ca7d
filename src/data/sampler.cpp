#include "data/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"

namespace dbnet::data {
namespace {

/// Fisher and Yates.
template <typename Value>
void shuffle(std::vector<Value>& values, core::Random& random) {
    for (std::size_t i = values.size(); i > 1; --i)
        std::swap(values[i - 1], values[random.below(i)]);
}

}  // namespace

Sampler::Sampler(const std::vector<Dataset>& datasets, std::uint64_t seed) : seed_(seed) {
    if (datasets.empty()) core::fail(ErrorCode::invalid_argument, "there is no data set");
    for (const Dataset& dataset : datasets) {
        const std::uint64_t images = dataset.images().size();
        const double picks = std::round(dataset.spec().weight * static_cast<double>(images));
        shares_.push_back({images, std::max<std::uint64_t>(1, static_cast<std::uint64_t>(picks))});
        epoch_size_ += shares_.back().picks;
    }
}

std::shared_ptr<const Sampler::Order> Sampler::order(std::uint64_t epoch) const {
    const std::lock_guard lock(mutex_);
    Cached& cached = cached_[epoch % cached_.size()];
    if (cached.order == nullptr || cached.epoch != epoch)
        cached = {epoch, std::make_shared<const Order>(make_order(epoch))};
    return cached.order;
}

Sampler::Order Sampler::make_order(std::uint64_t epoch) const {
    Order order;
    order.reserve(epoch_size_);
    for (std::size_t d = 0; d < shares_.size(); ++d) {
        const auto [images, picks] = shares_[d];
        std::vector<std::size_t> turns(images);
        for (std::uint64_t i = epoch * picks; i < (epoch + 1) * picks; ++i) {
            if (i % images == 0 || i == epoch * picks) {
                core::Random random(seed_, core::concat("round:", d, ":", i / images));
                std::iota(turns.begin(), turns.end(), std::size_t{0});
                shuffle(turns, random);
            }
            order.push_back({d, turns[i % images]});
        }
    }
    core::Random random(seed_, core::concat("epoch:", epoch));
    shuffle(order, random);
    return order;
}

}  // namespace dbnet::data
