#include "app/sources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "image/encode.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class SourcesTest : public testing::Test {
protected:
    SourcesTest() {
        for (const char* name : {"in/b.jpg", "in/a.PNG", "in/notes.txt", "in/.hidden.jpg",
                                 "in/deep/c.webp", "in/deep/deeper/d.tif", "other/e.jpg"}) {
            fs::create_directories(fs::path(folder_ / name).parent_path());
            std::ofstream(folder_ / name) << "x";
        }
    }

    /// The relative paths that are found.
    std::vector<std::string> find(const std::vector<std::string>& sources, bool recursive = false,
                                  const std::string& list = "") {
        std::istringstream lines(list);
        Sources found = find_images(sources, recursive, lines);
        refused_ = std::move(found.refused);
        std::vector<std::string> relative;
        paths_.clear();
        for (const Input& input : found.inputs) {
            paths_.push_back(input.path);
            relative.push_back(input.relative);
        }
        return relative;
    }

    test::TempDir folder_;
    std::vector<std::string> refused_;
    std::vector<std::string> paths_;
};

TEST_F(SourcesTest, a_file_is_taken_whatever_its_name) {
    EXPECT_THAT(find({folder_ / "in/notes.txt"}), ElementsAre("notes.txt"));
    EXPECT_THAT(paths_, ElementsAre(folder_ / "in/notes.txt"));
    EXPECT_THAT(find({folder_ / "missing.jpg"}), ElementsAre("missing.jpg"));
}

TEST_F(SourcesTest, a_folder_gives_its_images_in_order) {
    EXPECT_THAT(find({folder_ / "in"}), ElementsAre("a.PNG", "b.jpg"));
    EXPECT_THAT(find({folder_ / "in/"}), ElementsAre("a.PNG", "b.jpg"));
    EXPECT_THAT(find({folder_ / "in"}, true),
                ElementsAre("a.PNG", "b.jpg", "deep/c.webp", "deep/deeper/d.tif"));
}

TEST_F(SourcesTest, links_are_followed_and_loops_end) {
    fs::create_directory_symlink(folder_ / "in", folder_ / "in/deep/loop");
    fs::create_directory_symlink(folder_ / "other", folder_ / "in/link");
    fs::create_symlink(folder_ / "nowhere", folder_ / "in/broken.jpg");
    EXPECT_THAT(find({folder_ / "in"}, true),
                ElementsAre("a.PNG", "b.jpg", "broken.jpg", "deep/c.webp", "deep/deeper/d.tif",
                            "link/e.jpg"));
    EXPECT_TRUE(refused_.empty());
}

TEST_F(SourcesTest, a_folder_without_images_is_refused) {
    fs::create_directory(folder_ / "empty");
    EXPECT_THAT(find({folder_ / "empty", folder_ / "other"}), ElementsAre("e.jpg"));
    EXPECT_THAT(refused_, ElementsAre(HasSubstr("empty: no images in this folder")));
}

TEST_F(SourcesTest, patterns_keep_the_path_below_their_fixed_part) {
    EXPECT_THAT(find({folder_ / "*/*.jpg"}), ElementsAre("in/b.jpg", "other/e.jpg"));
    EXPECT_THAT(find({folder_ / "o*"}), ElementsAre("other/e.jpg"));
    EXPECT_THAT(find({folder_ / "*.gif"}), ElementsAre());
    EXPECT_THAT(refused_, ElementsAre(HasSubstr("*.gif: matches no file")));
}

TEST_F(SourcesTest, a_name_with_brackets_that_exists_is_no_pattern) {
    std::ofstream(folder_ / "a[1].jpg") << "x";
    EXPECT_THAT(find({folder_ / "a[1].jpg"}), ElementsAre("a[1].jpg"));
}

TEST_F(SourcesTest, listed_files_stay_below_the_output_folder) {
    EXPECT_THAT(find({"-"}, false, "a/x.jpg\r\n\n/data/y.jpg\n../../z.jpg\n./b/../w.jpg"),
                ElementsAre("a/x.jpg", "data/y.jpg", "z.jpg", "w.jpg"));
    EXPECT_THAT(paths_, ElementsAre("a/x.jpg", "/data/y.jpg", "../../z.jpg", "./b/../w.jpg"));
}

TEST_F(SourcesTest, lists_come_with_zeros_and_marks) {
    using namespace std::string_literals;
    EXPECT_THAT(find({"-"}, false, "a.png\0b\n.png\0"s), ElementsAre("a.png", "b\n.png"));
    EXPECT_THAT(find({"-"}, false, "a.png\0b.png"s), ElementsAre("a.png", "b.png"));
    EXPECT_THAT(find({"-"}, false,
                     "\xef\xbb\xbf"
                     "a.png\nb.png\n"),
                ElementsAre("a.png", "b.png"));
    EXPECT_TRUE(refused_.empty());
    EXPECT_THAT(find({"-"}, false, "\0\na.png\n"s), ElementsAre("a.png"));
    EXPECT_THAT(refused_, ElementsAre(HasSubstr("standard input:1: ")));
    EXPECT_THAT(find({"-"}, false,
                     "\xff\xfe"
                     "a\0.\0"s),
                ElementsAre());
    EXPECT_THAT(refused_, ElementsAre(HasSubstr("UTF-16")));
}

TEST_F(SourcesTest, an_image_may_come_instead_of_a_list) {
    const image::Bytes png = image::encode_png(Image(3, 2));
    std::istringstream content(std::string(png.begin(), png.end()));
    const Sources found = find_images({"-"}, false, content);
    ASSERT_EQ(found.inputs.size(), 1u);
    EXPECT_EQ(found.inputs[0].relative, "stdin");
    ASSERT_TRUE(found.inputs[0].bytes);
    EXPECT_EQ(*found.inputs[0].bytes, png);
    // A list whose first name begins as a bitmap does.
    std::ofstream(folder_ / "BMW.txt") << "x";
    const fs::path before = fs::current_path();
    fs::current_path(folder_.path());
    EXPECT_THAT(find({"-"}, false, "BMW.txt\nother/e.jpg\n"),
                ElementsAre("BMW.txt", "other/e.jpg"));
    fs::current_path(before);
}

}  // namespace
}  // namespace dbnet::app
