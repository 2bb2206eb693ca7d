#include "data/sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/sample_sequence.hpp"
#include "geometry/overlap.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::data {
namespace {

/// Pictures with words of all sizes, up to half of the picture, at any place and slightly turned;
/// words have the picture's brightest colour.
class Words final : public PictureSource {
public:
    static constexpr Size kSize{480, 270};

    std::uint64_t count() const override { return 40; }

    Picture make(std::uint64_t number) const override {
        core::Random random(number);
        Picture picture{Image(kSize.width, kSize.height), {}};
        for (int i = 0; i < 15; ++i) {
            const double height = 6 * std::pow(8.0, random.uniform());
            const double half = height * random.uniform(0.5, 3);
            const Projection place = rotation(random.uniform(-0.3, 0.3), {0, 0})
                                         .then(translation(random.uniform(0, kSize.width),
                                                           random.uniform(0, kSize.height)));
            formats::RecordRegion& region = picture.regions.emplace_back();
            for (const Point corner : {Point{-half, -height / 2},
                                       {half, -height / 2},
                                       {half, height / 2},
                                       {-half, height / 2}})
                region.polygon.push_back(place(corner));
            region.ignore = i % 5 == 4;
        }
        return picture;
    }
};

std::vector<Dataset> words() {
    DatasetSpec spec;
    spec.images = "words";
    spec.resize = ResizeRule::parse("720x1280");
    spec.source = std::make_shared<Words>();
    return {Dataset(spec)};
}

/// Geometry of configs/shipped/accurate_final.yaml.
SampleOptions shipped_recipe() {
    SampleOptions options;
    options.augment.size = {320, 320};
    options.augment.crop = Crop::window;
    options.augment.scale_low = 0.8;
    options.augment.scale_high = 2;
    return options;
}

struct Counts {
    int learnt = 0;
    int cut = 0;        ///< of the learnt: any of it
    int cut_below = 0;  ///< of the learnt: less than 70 % is seen
    int ignored = 0;
};

Counts count(const SampleOptions& options, std::uint64_t samples) {
    const std::vector<Dataset> sets = words();
    SampleSequence sequence(sets, options, 3, {});
    Counts counts;
    for (std::uint64_t i = 0; i < samples; ++i)
        for (const TextLabel& label : sequence.at(i).labels) {
            if (label.ignore) {
                ++counts.ignored;
                continue;
            }
            const Polygon sample{{0, 0}, {320, 0}, {320, 320}, {0, 320}};
            const double share = geometry::intersection_area(label.polygon, sample) /
                                 geometry::covered_area(label.polygon);
            ++counts.learnt;
            counts.cut += share < 0.999;
            counts.cut_below += share < 0.7;
        }
    return counts;
}

TEST(Sample, learns_no_text_of_which_less_than_the_share_is_seen) {
    const Counts counts = count(shipped_recipe(), 2000);
    EXPECT_EQ(counts.cut_below, 0);
    EXPECT_GT(counts.learnt, 4000);
    EXPECT_GT(counts.cut, 200);
    // The rule is what does it.
    SampleOptions all = shipped_recipe();
    all.augment.visible_share = 0;
    EXPECT_GT(count(all, 100).cut_below, 20);
}

}  // namespace
}  // namespace dbnet::data
