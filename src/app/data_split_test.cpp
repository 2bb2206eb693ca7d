#include "app/data_split.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <dbnet/error.hpp>

#include "app/data_check.hpp"
#include "app/dataset_config.hpp"
#include "app/picture_likeness.hpp"
#include "core/file.hpp"
#include "core/random.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

/// A picture of random blocks, which no other number has.
Image blocks(int number, int width, int height) {
    core::Random random(static_cast<std::uint64_t>(number), "blocks");
    constexpr int kSide = 9;
    std::array<std::uint8_t, kSide * kSide> cells;
    for (std::uint8_t& cell : cells) cell = static_cast<std::uint8_t>(random.below(256));
    Image image(width, height);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            std::fill_n(
                image.row(y) + 3 * x, 3,
                cells[static_cast<std::size_t>(y * kSide / height * kSide + x * kSide / width)]);
    return image;
}

class Files {
public:
    explicit Files(int count) {
        fs::create_directories(folder_ / "images");
        fs::create_directories(folder_ / "gts");
        for (int i = 0; i < count; ++i) add("img_" + std::to_string(i), blocks(i, 90, 90));
    }
    void add(const std::string& name, const Image& image) const {
        image.write(folder_ / ("images/" + name + ".png"));
        core::write_file(folder_ / ("gts/gt_" + name + ".txt"),
                         std::string_view("1,2,30,2,30,20,1,20,w\n"));
    }
    std::string operator/(const std::string& name) const { return folder_ / name; }
    SplitOptions options() const {
        SplitOptions options;
        options.spec = {"", folder_ / "images"};
        options.parts = parse_parts("train=0.8,val=0.2");
        options.folder = folder_ / "out";
        return options;
    }
    /// Which part each image went to.
    std::map<std::string, std::string> parts() const {
        std::map<std::string, std::string> parts;
        for (const char* part : {"train", "val"}) {
            const std::string file = folder_ / (std::string("out/") + part + ".yaml");
            const std::vector<data::DatasetSpec> specs = read_datasets(file);
            for (const data::LabelledImage& image : data::list_images(specs.at(0)).images)
                EXPECT_TRUE(parts.emplace(fs::path(image.image).stem().string(), part).second);
        }
        return parts;
    }

private:
    test::TempDir folder_;
};

TEST(Split, divides_by_the_shares_and_keeps_every_image) {
    const Files files(60);
    const SplitSummary summary = split(files.options(), {});
    EXPECT_EQ(summary.parts[0].images + summary.parts[1].images, 60u);
    EXPECT_NEAR(static_cast<double>(summary.parts[0].images), 48, 8);
    const auto parts = files.parts();
    EXPECT_EQ(parts.size(), 60u);
    // Another image changes nothing for the others; another seed does.
    files.add("new", blocks(1000, 90, 90));
    split(files.options(), {});
    auto more = files.parts();
    EXPECT_EQ(more.erase("new"), 1u);
    EXPECT_EQ(more, parts);
    SplitOptions options = files.options();
    options.seed = 1;
    split(options, {});
    auto others = files.parts();
    others.erase("new");
    EXPECT_NE(others, parts);
}

TEST(Split, what_shows_the_same_stays_together) {
    const Files files(12);
    for (int i = 0; i < 12; ++i) files.add("copy_" + std::to_string(i), blocks(i, 180, 180));
    const SplitSummary summary = split(files.options(), {});
    EXPECT_EQ(summary.alike, 12u);
    const auto parts = files.parts();
    for (int i = 0; i < 12; ++i)
        EXPECT_EQ(parts.at("img_" + std::to_string(i)), parts.at("copy_" + std::to_string(i)));
}

TEST(Split, parts_are_names_and_shares) {
    EXPECT_EQ(parse_parts("a=1").size(), 1u);
    EXPECT_EQ(parse_parts("train=0.8,val=.1,test=0.1").at(1).share, 0.1);
    for (const char* bad : {"", "a", "a=", "=1", "a=0", "a=-1", "a=x", "a=1,a=1", "a=1,", "../a=1"})
        EXPECT_THROW(parse_parts(bad), Error) << bad;
}

TEST(Likeness, is_of_scaled_copies_and_not_of_others) {
    PictureIndex index;
    for (int i = 0; i < 200; ++i) index.add(fingerprint(blocks(i, 90, 90)), std::to_string(i));
    for (int i = 0; i < 200; ++i)
        EXPECT_EQ(index.find(fingerprint(blocks(i, 270, 270))), std::to_string(i));
    for (int i = 200; i < 400; ++i) EXPECT_FALSE(index.find(fingerprint(blocks(i, 90, 90)))) << i;
    EXPECT_FALSE(index.find(fingerprint(blocks(0, 90, 60)))) << "of another shape";
    index.add(fingerprint(Image(90, 90)), "black");
    EXPECT_FALSE(index.find(fingerprint(Image(90, 90)))) << "nothing to tell them by";
}

TEST(DataCheck, finds_images_of_another_data_set) {
    const Files files(3);
    const Files others(2);
    std::vector<std::string> leaks;
    DataCheckHooks hooks;
    hooks.on_finding = [&](const Finding& finding) {
        if (finding.kind == "leak") leaks.push_back(fs::path(finding.file).stem().string());
    };
    hooks.progress = [](std::size_t, std::size_t) {};
    hooks.interrupted = [] { return false; };
    check_data({{"", files / "images"}}, {{"none", others / "images"}}, 2, hooks);
    EXPECT_THAT(leaks, testing::ElementsAre("img_0", "img_1"));
}

}  // namespace
}  // namespace dbnet::app
