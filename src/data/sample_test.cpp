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

TEST(Sample, the_reference_style_gets_outlines_clipped_not_bent) {
    SampleOptions options = shipped_recipe();
    options.targets.style = TargetStyle::mhliao;
    const std::vector<Dataset> sets = words();
    SampleSequence clipped(sets, options, 3, {});
    options.targets.style = TargetStyle::native;
    SampleSequence whole(sets, options, 3, {});
    for (std::uint64_t i = 0; i < 20; ++i) {
        const Sample a = clipped.at(i);
        const Sample b = whole.at(i);
        ASSERT_EQ(a.labels.size(), b.labels.size());
        for (std::size_t j = 0; j < a.labels.size(); ++j) {
            const Rect box = geometry::bounding_rect(a.labels[j].polygon);
            EXPECT_GE(std::min(box.x, box.y), 0);
            EXPECT_LE(std::max(box.x + box.width, box.y + box.height), 320);
            // Within the pixel that such a style has less to the right and below.
            const double seen = geometry::area(clip(b.labels[j].polygon, {320, 320}));
            EXPECT_NEAR(geometry::area(a.labels[j].polygon), seen, 320);
        }
    }
}

SampleOptions everything() {
    SampleOptions options = shipped_recipe();
    options.augment.colour = {0.3, 0.3, 0.3, 0.2, 20};
    options.augment.quarter_turns = 0.5;
    for (const AugmentChance& one : kAugmentChances) (options.augment.*one.chance).share = 0.5;
    return options;
}

TEST(Sample, the_rule_holds_with_everything_on) {
    const Counts counts = count(everything(), 300);
    EXPECT_EQ(counts.cut_below, 0);
    EXPECT_GT(counts.learnt, 600);
}

bool same(const Sample& a, const Sample& b) {
    if (a.labels.size() != b.labels.size()) return false;
    for (std::size_t i = 0; i < a.labels.size(); ++i)
        if (a.labels[i].polygon != b.labels[i].polygon) return false;
    return a.source == b.source && a.targets.probability == b.targets.probability &&
           a.targets.probability_mask == b.targets.probability_mask &&
           a.targets.threshold == b.targets.threshold &&
           a.targets.threshold_mask == b.targets.threshold_mask &&
           std::equal(a.picture.row(0), a.picture.row(0) + 3 * 320 * 320, b.picture.row(0));
}

TEST(Sample, is_a_function_of_seed_and_position) {
    const std::vector<Dataset> sets = words();
    SampleSequence one(sets, everything(), 3, {});
    SampleSequence again(sets, everything(), 3, {}, 1 << 30);
    SampleSequence other(sets, everything(), 4, {});
    int different = 0;
    for (std::uint64_t i = 0; i < 60; ++i) {
        const Sample sample = again.at(i);
        EXPECT_TRUE(same(one.at(60 - 1 - i), again.at(60 - 1 - i)));
        EXPECT_TRUE(same(one.at(i), sample));
        different += !same(other.at(i), sample);
    }
    EXPECT_GT(different, 55);
}

TEST(Sample, words_are_pasted_from_other_pictures) {
    const std::vector<Dataset> sets = words();
    SampleOptions options = shipped_recipe();
    SampleSequence without(sets, options, 3, {});
    options.augment.paste = {1, 3, 3};
    SampleSequence with(sets, options, 3, {});
    std::size_t more = 0;
    for (std::uint64_t i = 0; i < 50; ++i) {
        const Sample before = without.at(i);
        const Sample after = with.at(i);
        ASSERT_GE(after.labels.size(), before.labels.size());
        more += after.labels.size() - before.labels.size();
        // What was there is as it was, text and mask.
        for (std::size_t j = 0; j < before.labels.size(); ++j)
            EXPECT_EQ(after.labels[j].polygon, before.labels[j].polygon);
        for (std::size_t p = 0; p < before.targets.probability.size(); ++p) {
            ASSERT_GE(after.targets.probability[p], before.targets.probability[p]);
        }
    }
    EXPECT_GT(more, 30u);
}

/// A bright square in each picture that no label names, and a teacher that sees all that is bright.
class Square final : public PictureSource {
public:
    std::uint64_t count() const override { return 4; }
    Picture make(std::uint64_t number) const override {
        Picture picture{Image(240, 160), {}};
        const int left = 30 + 20 * static_cast<int>(number);
        for (int y = 50; y < 110; ++y) std::fill_n(picture.image.row(y) + 3 * left, 3 * 60, 255);
        return picture;
    }
};

class Brightness final : public SoftMapSource {
public:
    SoftMap map_of(const std::string&, const Image* made) const override {
        SoftMap map{{made->width() / 2, made->height() / 2}, {}};
        for (int y = 0; y < map.size.height; ++y)
            for (int x = 0; x < map.size.width; ++x)
                map.values.push_back(made->view().row(2 * y)[3 * 2 * x]);
        return map;
    }
};

TEST(Sample, aTeachersMap_lies_where_the_picture_shows_it_and_masks_what_labels_miss) {
    DatasetSpec spec;
    spec.images = "square";
    spec.source = std::make_shared<Square>();
    const std::vector<Dataset> datasets{Dataset(spec)};
    SampleOptions options;
    options.augment.size = {128, 128};
    options.augment.crop = Crop::window;
    options.augment.rotation = 40;
    options.teacher = std::make_shared<Brightness>();
    SampleSequence sequence(datasets, options, 1, {});
    std::size_t seen = 0;
    for (std::uint64_t position = 0; position < 40; ++position) {
        const Sample sample = sequence.at(position);
        ASSERT_EQ(sample.soft.size(), sample.targets.probability.size());
        std::size_t apart = 0;
        for (std::size_t i = 0; i < sample.soft.size(); ++i) {
            const int brightness = sample.picture.row(0)[3 * i];
            apart += (brightness > 127) != (sample.soft[i] > 127) ? 1 : 0;
            seen += sample.soft[i] > 127 ? 1 : 0;
            EXPECT_EQ(sample.targets.probability_mask[i], sample.soft[i] >= 204 ? 0 : 1);
        }
        EXPECT_LT(apart, sample.soft.size() / 25);  // along the edge, which is half as fine
    }
    EXPECT_GT(seen, 40000u);
}

TEST(Sample, withoutLabels_nothing_but_the_teacher_counts) {
    DatasetSpec spec;
    spec.images = "square";
    spec.format = kUnlabelled;
    spec.source = std::make_shared<Square>();
    const std::vector<Dataset> datasets{Dataset(spec)};
    SampleOptions options;
    options.augment.size = {128, 128};
    options.teacher = std::make_shared<Brightness>();
    const Sample sample = SampleSequence(datasets, options, 1, {}).at(0);
    for (const auto& mask : {sample.targets.probability_mask, sample.targets.threshold_mask})
        EXPECT_EQ(std::ranges::count(mask, 1), 0);
    options.teacher = nullptr;
    EXPECT_TRUE(SampleSequence(datasets, options, 1, {}).at(0).soft.empty());
}

}  // namespace
}  // namespace dbnet::data
