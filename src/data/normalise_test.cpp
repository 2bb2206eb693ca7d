#include "data/normalise.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "core/random.hpp"

namespace dbnet::data {
namespace {

TEST(Normalise, is_the_formula_at_any_size_and_place) {
    core::Random random(1);
    detect::InputSpec spec;
    spec.mean = {0.1f, 0.2f, 0.3f};
    spec.std = {0.5f, 0.25f, 2};
    for (const auto order : {detect::ChannelOrder::rgb, detect::ChannelOrder::bgr})
        for (const std::size_t pixels : {1u, 5u, 16u, 31u, 64u, 1024u, 1031u})
            for (std::size_t shift = 0; shift < 17; ++shift) {
                spec.order = order;
                std::vector<std::uint8_t> rgb(3 * pixels);
                for (std::uint8_t& value : rgb) value = static_cast<std::uint8_t>(random.next());
                std::vector<float> planes(shift + 3 * pixels + 1, -99);
                normalise(rgb.data(), pixels, spec, planes.data() + shift);
                for (std::size_t i = 0; i < shift; ++i) ASSERT_EQ(planes[i], -99);
                ASSERT_EQ(planes.back(), -99);
                for (std::size_t c = 0; c < 3; ++c)
                    for (std::size_t i = 0; i < pixels; ++i) {
                        const std::size_t from = order == detect::ChannelOrder::rgb ? c : 2 - c;
                        ASSERT_NEAR(planes[shift + c * pixels + i],
                                    (rgb[3 * i + from] / 255.0 - spec.mean[c]) / spec.std[c], 1e-5);
                    }
            }
}

}  // namespace
}  // namespace dbnet::data
