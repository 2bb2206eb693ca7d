#include "app/sources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

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

}  // namespace
}  // namespace dbnet::app
