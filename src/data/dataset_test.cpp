#include "data/dataset.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::data {
namespace {

namespace fs = std::filesystem;

void write(const std::string& path, std::string_view text) {
    fs::create_directories(fs::path(path).parent_path());
    core::write_file(path, text);
}

std::string names(const std::vector<LabelledImage>& images) {
    std::string names;
    for (const LabelledImage& image : images)
        names += fs::path(image.image).filename().string() + " ";
    return names;
}

std::string message_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

TEST(Dataset, icdar_labels_lie_in_the_sibling_folder) {
    const test::TempDir folder;
    write(folder / "train_images/img_1.jpg", "");
    write(folder / "train_images/notes.txt", "");
    write(folder / "train_gts/gt_img_1.txt",
          "\xEF\xBB\xBF"
          "1,2,30,2,30,9,1,9,a,b\r\n");
    for (const char* images : {"train_images", "train_images/"}) {
        const Dataset set({"icdar", folder / images, ""});
        ASSERT_EQ(set.images().size(), 1u);
        const auto regions = read_labels(set.spec(), set.images()[0]);
        ASSERT_EQ(regions.size(), 1u);
        EXPECT_EQ(regions[0].text, "a,b");
        EXPECT_EQ(regions[0].line, 1u);
    }
    write(folder / "photos/img_1.jpg", "");
    EXPECT_NE(message_of([&] {
                  list_images({"icdar", folder / "photos", ""});
              }).find("say where the labels are"),
              std::string::npos);
    EXPECT_EQ(list_images({"icdar", folder / "photos", folder / "train_gts"}).images.size(), 1u);
}

TEST(Dataset, td500_and_labelme_labels_lie_beside_the_image) {
    const test::TempDir folder;
    write(folder / "a/IMG_1.JPG", "");
    write(folder / "a/IMG_1.gt", "0 1 1 2 3 4 0\n");
    const Dataset td500({"td500", folder / "a", ""});
    EXPECT_TRUE(read_labels(td500.spec(), td500.images().at(0)).at(0).ignore);
    write(folder / "a/IMG_1.json", R"({"imagePath": "IMG_1.JPG", "shapes": []})");
    const Dataset labelme({"labelme", folder / "a", ""});
    EXPECT_TRUE(read_labels(labelme.spec(), labelme.images().at(0)).empty());
}

TEST(Dataset, a_common_label_file_says_what_the_images_are) {
    const test::TempDir folder;
    write(folder / "a/x.jpg", "");
    write(folder / "a/sub/y.jpg", "");
    write(folder / "a/z.jpg", "");
    write(folder / "a/Label.txt",
          "sub/y.jpg\t[{\"transcription\": \"t\", \"points\": [[1,2],[3,2],[3,4]]}]\n"
          "elsewhere/x.jpg\t[]\ngone.jpg\t[]\nx.jpg\t[]\n");
    const Listing listing = list_images({"paddle", folder / "a", ""});
    EXPECT_EQ(names(listing.images), "y.jpg x.jpg ");
    EXPECT_EQ(listing.images.at(0).regions.unpack().at(0).line, 1u);
    EXPECT_TRUE(listing.problems.empty());
    ASSERT_EQ(listing.unusable.size(), 2u);
    EXPECT_NE(listing.unusable[0].find("names gone.jpg, which is not in"), std::string::npos);
    EXPECT_NE(listing.unusable[1].find("names x.jpg twice"), std::string::npos);
    DatasetSpec spec{"paddle", folder / "a", ""};
    EXPECT_EQ(Dataset(spec).images().size(), 2u);
    spec.strict = true;
    EXPECT_NE(message_of([&] { Dataset{spec}; }).find("2 such problems"), std::string::npos);
}

TEST(Dataset, images_without_labels_are_errors_unless_they_are_negative) {
    const test::TempDir folder;
    write(folder / "a/1.jpg", "");
    write(folder / "a/1.png", "");
    write(folder / "a/2.jpg", "");
    write(folder / "a/1.gt", "");
    const Listing listing = list_images({"td500", folder / "a", ""});
    EXPECT_EQ(names(listing.images), "1.jpg ");
    ASSERT_EQ(listing.problems.size(), 2u);
    EXPECT_NE(listing.problems[0].find("1.png: another image has the same labels"),
              std::string::npos);
    EXPECT_NE(listing.problems[1].find("2.jpg: has no labels, expected"), std::string::npos);
    EXPECT_NE(message_of([&] {
                  Dataset({"td500", folder / "a", ""});
              }).find("2 such problems"),
              std::string::npos);

    fs::remove(folder / "a/1.png");
    DatasetSpec negative{"td500", folder / "a", ""};
    negative.unlabelled = Unlabelled::negative;
    const Dataset set(negative);
    EXPECT_EQ(names(set.images()), "1.jpg 2.jpg ");
    EXPECT_TRUE(read_labels(set.spec(), set.images()[1]).empty());
}

TEST(Dataset, every_tenth_image_is_held_out_of_fifty) {
    const test::TempDir folder;
    for (int i = 1; i <= 50; ++i) write(folder / ("n/img_" + std::to_string(i) + ".jpg"), "");
    for (char a = 'a'; a < 'f'; ++a)
        for (char b = 'a'; b < 'k'; ++b) write(folder / (std::string("l/") + a + b + ".jpg"), "");
    const auto split = [&](const char* images, Split part) {
        DatasetSpec spec{"td500", folder / images, ""};
        spec.unlabelled = Unlabelled::negative;
        spec.split = part;
        return list_images(spec).images;
    };
    EXPECT_EQ(names(split("n", Split::holdout)),
              "img_10.jpg img_20.jpg img_30.jpg img_40.jpg img_50.jpg ");
    EXPECT_EQ(split("n", Split::train).size(), 45u);
    EXPECT_EQ(split("n", Split::all).size(), 50u);
    EXPECT_EQ(names(split("l", Split::holdout)), "aj.jpg bj.jpg cj.jpg dj.jpg ej.jpg ");
    EXPECT_EQ(split("l", Split::train).size(), 45u);
}

TEST(Dataset, few_images_are_held_out_by_parts_or_names) {
    const test::TempDir folder;
    for (char c = 'a'; c < 'a' + 10; ++c) write(folder / (std::string("f/") + c + ".jpg"), "");
    DatasetSpec spec{"td500", folder / "f", ""};
    spec.unlabelled = Unlabelled::negative;
    const auto held = [&](const std::string& rule) {
        spec.holdout = Holdout::parse(rule);
        EXPECT_EQ(Holdout::parse(spec.holdout.to_string()), spec.holdout);
        spec.split = Split::train;
        const std::size_t learnt = list_images(spec).images.size();
        spec.split = Split::holdout;
        const std::vector<LabelledImage> images = list_images(spec).images;
        EXPECT_EQ(images.size() + learnt, 10u) << rule;
        return names(images);
    };
    EXPECT_EQ(held(""), "d.jpg h.jpg ");
    EXPECT_EQ(held("4/4"), "d.jpg h.jpg ");
    EXPECT_EQ(held("1/4"), "a.jpg e.jpg i.jpg ");
    EXPECT_EQ(held("c,j.jpg"), "c.jpg j.jpg ");
    // The parts rotate: each image is held back once.
    std::string all;
    for (const char* part : {"1/3", "2/3", "3/3"}) all += held(part);
    EXPECT_EQ(all.size(), names(list_images({"none", folder / "f"}).images).size());
    EXPECT_NE(message_of([&] { held("k"); }).find("holdout names k"), std::string::npos);
    for (const char* bad : {"0/4", "5/4", "1/1", "1/", "/4", "a/4", "1/4/2", "-1/4"})
        EXPECT_THROW(Holdout::parse(bad), Error) << bad;
}

/// Pictures of 20x10 pixels with one text, as far from the left as their number says.
class Row final : public PictureSource {
public:
    explicit Row(std::uint64_t count) : count_(count) {}
    std::uint64_t count() const override { return count_; }
    Picture make(std::uint64_t number) const override {
        const double x = static_cast<double>(number);
        return {Image(20, 10), {{{{x, 0}, {x + 1, 0}, {x + 1, 1}}}}};
    }

private:
    std::uint64_t count_;
};

TEST(Dataset, pictures_can_be_made_instead_of_read) {
    DatasetSpec spec;
    spec.images = "made";
    spec.source = std::make_shared<Row>(12);
    const Dataset all(spec);
    ASSERT_EQ(all.images().size(), 12u);
    EXPECT_EQ(all.images()[11].image, "made:11");
    const Picture picture = read_picture(all.spec(), all.images()[11]);
    EXPECT_EQ(picture.image.width(), 20);
    EXPECT_EQ(picture.regions.at(0).polygon[0].x, 11);
    spec.split = Split::holdout;
    EXPECT_EQ(names(list_images(spec).images), "made:3 made:7 made:11 ");
    spec.source = std::make_shared<Row>(PictureSource::kMostPictures + 1);
    EXPECT_NE(message_of([&] { list_images(spec); }).find("expected 1 to"), std::string::npos);
}

TEST(Dataset, images_can_be_without_text) {
    const test::TempDir folder;
    write(folder / "a/x.jpg", "");
    write(folder / "a/x.json", "broken");
    const Dataset set({"none", folder / "a", ""});
    ASSERT_EQ(set.images().size(), 1u);
    EXPECT_TRUE(read_labels(set.spec(), set.images()[0]).empty());
}

TEST(Dataset, usual_labels_are_where_they_are_looked_for) {
    EXPECT_EQ(usual_labels("icdar", "d/train_images/img_1.jpg"), "d/train_gts/gt_img_1.txt");
    EXPECT_EQ(usual_labels("labelme", "d/1.png"), "d/1.json");
    EXPECT_EQ(usual_labels("paddle", "d/1.png"), "d/Label.txt");
    EXPECT_EQ(usual_labels("csv", "d/1.png"), "");
    EXPECT_NE(message_of([] { usual_labels("icdar", "d/1.jpg"); }).find("no \"images\""),
              std::string::npos);
}

TEST(Dataset, what_cannot_be_used_is_said) {
    const test::TempDir folder;
    write(folder / "a/1.jpg", "");
    const auto error = [&](DatasetSpec spec) { return message_of([&] { Dataset{spec}; }); };
    EXPECT_NE(error({"icdr", folder / "a", ""}).find("expected one of: json"), std::string::npos);
    EXPECT_NE(error({"svg", folder / "a", ""}).find("expected one of: json"), std::string::npos);
    EXPECT_NE(error({"csv", folder / "a", ""}).find("one file for all images"), std::string::npos);
    EXPECT_NE(error({"td500", folder / "b", folder / "a"}).find("cannot read"), std::string::npos);
    EXPECT_NE(error({"td500", folder / "a", folder / "b"}).find("no such folder of labels"),
              std::string::npos);
    EXPECT_NE(error({"td500", folder / "a", "", Split::all, 0}).find("weight"), std::string::npos);
    write(folder / "t/1.gt", "");
    for (const char* format : {"td500", "paddle"})
        EXPECT_NE(error({format, folder / "t", folder / "a"}).find("are the two swapped?"),
                  std::string::npos);
    DatasetSpec holdout{"td500", folder / "a", "", Split::holdout};
    holdout.unlabelled = Unlabelled::negative;
    EXPECT_NE(error(holdout).find("/a: no images in this split (holdout)"), std::string::npos);
}

TEST(ResizeRule, gives_a_size_or_the_shorter_side) {
    const Size photo{960, 640};
    EXPECT_EQ(ResizeRule::parse("").apply(photo), photo);
    EXPECT_EQ(ResizeRule::parse("720x1280").apply(photo), (Size{1280, 720}));
    EXPECT_EQ(ResizeRule::parse("736").apply(photo), (Size{1104, 736}));
    EXPECT_EQ(ResizeRule::parse("736").apply({640, 960}), (Size{736, 1104}));
    for (const char* bad : {"x", "720x", "x720", "0", "-5", "720X1280", "720x1280x3", "99999", "a"})
        EXPECT_THROW(ResizeRule::parse(bad), Error) << bad;
}

}  // namespace
}  // namespace dbnet::data
