#include "train/teacher.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "model/onnx.hpp"
#include "support/scene.hpp"
#include "support/temp_dir.hpp"
#include "support/tiny_model.hpp"

namespace dbnet::train {
namespace {

namespace fs = std::filesystem;

class TeacherTest : public testing::Test {
protected:
    TeacherTest() {
        model::write_onnx(test::tiny_model(), folder_ / "teacher.onnx");
        scene_.image.write(photo_);
        options_.model = folder_ / "teacher.onnx";
        options_.size = SizeRule::parse("128x320");
    }

    std::size_t files() const {
        std::size_t count = 0;
        for (const auto& entry : fs::directory_iterator(folder_ / "maps"))
            count += entry.is_regular_file() ? 1 : 0;
        return count;
    }

    test::TempDir folder_;
    const test::Scene scene_ = test::make_scene(320, 128, 3, 1);
    const std::string photo_ = folder_ / "photo.png";
    DistillOptions options_;
};

/// The tiny model finds what is white.
TEST_F(TeacherTest, itsMap_is_what_the_detector_finds) {
    const Teacher teacher(options_, folder_ / "maps", 1);
    const data::SoftMap map = teacher.map_of(photo_, nullptr);
    ASSERT_EQ(map.size, (data::Size{320, 128}));
    const auto at = [&](double x, double y) {
        return map.values[static_cast<std::size_t>(y) * 320 + static_cast<std::size_t>(x)];
    };
    for (const Rect& box : scene_.boxes)
        EXPECT_GT(at(box.x + box.width / 2, box.y + box.height / 2), 200);
    const auto bright = std::ranges::count_if(map.values, [](auto value) { return value > 127; });
    double area = 0;
    for (const Rect& box : scene_.boxes) area += box.width * box.height;
    EXPECT_NEAR(static_cast<double>(bright), area, 0.4 * area);
}

TEST_F(TeacherTest, aMap_is_computed_once_for_each_content) {
    const std::string image = photo_;
    std::vector<std::uint8_t> first;
    {
        const Teacher teacher(options_, folder_ / "maps", 1);
        first = teacher.map_of(image, nullptr).values;
        EXPECT_EQ(teacher.map_of(image, nullptr).values, first);
        fs::copy(photo_, folder_ / "same.png");
        teacher.map_of(folder_ / "same.png", nullptr);
        EXPECT_EQ(teacher.computed(), 1u);
        EXPECT_EQ(files(), 1u);
    }
    const Teacher again(options_, folder_ / "maps", 1);
    EXPECT_EQ(again.map_of(image, nullptr).values, first);
    EXPECT_EQ(again.computed(), 0u);

    DistillOptions other = options_;
    other.size = SizeRule::parse("64x160");
    EXPECT_EQ(Teacher(other, folder_ / "maps", 1).map_of(image, nullptr).size,
              (data::Size{160, 64}));
    model::write_onnx(test::tiny_model("other"), folder_ / "teacher.onnx");
    const Teacher changed(options_, folder_ / "maps", 1);
    changed.map_of(image, nullptr);
    EXPECT_EQ(changed.computed(), 1u);
    EXPECT_EQ(files(), 3u);
}

TEST_F(TeacherTest, pictures_that_are_made_are_told_apart_by_their_pixels) {
    const Teacher teacher(options_, folder_ / "maps", 1);
    const Image other = test::make_scene(320, 128, 3, 2).image;
    const auto first = teacher.map_of("synth", &scene_.image).values;
    EXPECT_NE(teacher.map_of("synth", &other).values, first);
    EXPECT_EQ(teacher.map_of("synth", &scene_.image).values, first);
    EXPECT_EQ(teacher.computed(), 2u);
}

TEST_F(TeacherTest, theFolder_is_bounded_and_broken_maps_are_made_anew) {
    const std::string image = photo_;
    options_.cache_mb = 0;
    const Teacher nothing(options_, folder_ / "maps", 1);
    nothing.map_of(image, nullptr);
    nothing.map_of(image, nullptr);
    EXPECT_EQ(nothing.computed(), 2u);
    EXPECT_EQ(files(), 0u);

    options_.cache_mb = 1;
    const Teacher teacher(options_, folder_ / "maps", 1);
    const auto first = teacher.map_of(image, nullptr).values;
    for (const auto& entry : fs::directory_iterator(folder_ / "maps"))
        core::write_file(entry.path().string(), std::string_view("no picture"));
    EXPECT_EQ(teacher.map_of(image, nullptr).values, first);
    EXPECT_EQ(teacher.computed(), 2u);
}

TEST_F(TeacherTest, what_cannot_be_used_is_an_error) {
    options_.model = folder_ / "missing.onnx";
    EXPECT_THROW(Teacher(options_, folder_ / "maps", 1), Error);
    options_.model = folder_ / "teacher.onnx";
    const Teacher teacher(options_, folder_ / "maps", 1);
    EXPECT_THROW(teacher.map_of(folder_ / "missing.png", nullptr), Error);
}

}  // namespace
}  // namespace dbnet::train
