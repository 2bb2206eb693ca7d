// Data sets of every format, on disk and in archives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <filesystem>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "data/archive.hpp"
#include "data/dataset.hpp"
#include "support/label_examples.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::data {
namespace {

namespace fs = std::filesystem;
using formats::Record;
using formats::RecordRegion;
using test::LabelExample;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Size kImage{200, 100};

void write(const std::string& path, std::string_view text) {
    fs::create_directories(fs::path(path).parent_path());
    core::write_file(path, text);
}

/// Where the image of a record lies below the folder of images.
std::string place_of(const LabelExample& example, const Record& record) {
    std::string name = record.image;
    std::ranges::replace(name, '\\', '/');
    name = fs::path(name).lexically_normal().string();
    while (name.starts_with("../")) name.erase(0, 3);
    if (!formats::find(example.format)->has_common_labels())
        name = fs::path(name).filename().string();
    return fs::path(name).has_extension() ? name : name + ".png";
}

class Example {
public:
    explicit Example(const LabelExample& example) : example_(example) {
        write(folder_ / example.file, example.content);
        for (const Record& record : example.records) {
            const std::string path = folder_ / place_of(example, record);
            fs::create_directories(fs::path(path).parent_path());
            Image(kImage.width, kImage.height).write(path + ".png");
            fs::rename(path + ".png", path);
        }
    }

    DatasetSpec spec(const std::string& format) const { return spec_in(folder_ / "", format); }
    DatasetSpec spec_in(const std::string& root, const std::string& format) const {
        const bool common = formats::find(example_.format)->has_common_labels();
        return {format, root, common ? (fs::path(root) / example_.file).string() : root};
    }
    std::string folder() const { return folder_ / ""; }

private:
    const LabelExample& example_;
    test::TempDir folder_;
};

void expect_labels(const DatasetSpec& spec, const LabelExample& example) {
    SCOPED_TRACE(example.format + " " + example.file + " in " + spec.images);
    DatasetSpec strict = spec;
    strict.strict = true;
    const Dataset set(strict);
    EXPECT_EQ(set.spec().format, example.format);
    ASSERT_EQ(set.images().size(), example.records.size());
    for (const LabelledImage& image : set.images()) {
        const auto record = std::ranges::find_if(example.records, [&](const Record& candidate) {
            return image.image.ends_with("/" + place_of(example, candidate));
        });
        ASSERT_NE(record, example.records.end()) << image.image;
        const std::vector<RecordRegion> texts = read_picture(set.spec(), image).regions;
        ASSERT_EQ(texts.size(), record->regions.size());
        for (std::size_t i = 0; i < texts.size(); ++i) {
            EXPECT_EQ(texts[i].text, record->regions[i].text);
            EXPECT_EQ(texts[i].ignore, record->regions[i].ignore);
            const double width = record->relative ? kImage.width : 1;
            const double height = record->relative ? kImage.height : 1;
            for (std::size_t k = 0; k < texts[i].polygon.size(); ++k) {
                EXPECT_NEAR(texts[i].polygon[k].x, record->regions[i].polygon[k].x * width, 1e-9);
                EXPECT_NEAR(texts[i].polygon[k].y, record->regions[i].polygon[k].y * height, 1e-9);
            }
        }
    }
}

/// All files of a folder in an archive, zip or tar by its name.
void pack(const std::string& folder, const std::string& path) {
    ::archive* writer = archive_write_new();
    if (path.ends_with(".zip"))
        archive_write_set_format_zip(writer);
    else
        archive_write_set_format_pax_restricted(writer);
    ASSERT_EQ(archive_write_open_filename(writer, path.c_str()), ARCHIVE_OK);
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(folder)) {
        if (!file.is_regular_file()) continue;
        const std::vector<std::uint8_t> bytes = core::read_file(file.path().string());
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, file.path().lexically_relative(folder).c_str());
        archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        ASSERT_EQ(archive_write_header(writer, entry), ARCHIVE_OK);
        archive_write_data(writer, bytes.data(), bytes.size());
        archive_entry_free(entry);
    }
    ASSERT_EQ(archive_write_free(writer), ARCHIVE_OK);
}

TEST(Listing, reads_data_sets_of_every_format) {
    for (const LabelExample& example : test::label_examples()) {
        const Example files(example);
        expect_labels(files.spec(example.format), example);
        if (example.recognised) expect_labels(files.spec(""), example);
    }
}

TEST(Listing, reads_data_sets_from_archives) {
    const test::TempDir folder;
    int number = 0;
    for (const LabelExample& example : test::label_examples()) {
        const Example files(example);
        for (const char* kind : {".zip", ".tar"}) {
            const std::string path = folder / (std::to_string(number++) + kind);
            pack(files.folder(), path);
            expect_labels(files.spec_in(path, example.format), example);
        }
    }
}

TEST(Listing, reads_the_shards_of_a_folder) {
    const test::TempDir folder;
    const std::string images = folder / "shards";
    fs::create_directories(images);
    for (const char* shard : {"0", "1"}) {
        const test::TempDir part;
        for (const char* name : {"a", "b"}) {
            Image(20, 10).write(part / (std::string(shard) + name + ".png"));
            write(part / (std::string(shard) + name + ".txt"), "1,2,9,2,9,8,1,8,w\n");
        }
        pack(part / "", images + "/" + shard + ".tar");
    }
    const Dataset set({"", images});
    EXPECT_EQ(set.spec().format, "icdar");
    ASSERT_EQ(set.images().size(), 4u);
    EXPECT_EQ(set.images()[3].image, images + "/1.tar/1b.png");
    for (const LabelledImage& image : set.images())
        EXPECT_EQ(read_picture(set.spec(), image).regions.size(), 1u);
}

std::string error_of(const DatasetSpec& spec) {
    try {
        const Dataset set(spec);
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

TEST(Listing, damaged_archives_are_refused) {
    const test::TempDir folder;
    write(folder / "a.zip", "PK no zip");
    write(folder / "a.tar", std::string(600, 'x'));
    write(folder / "a.tar.gz", "x");
    EXPECT_THAT(error_of({"icdar", folder / "a.zip"}), HasSubstr("not a valid archive"));
    EXPECT_THAT(error_of({"icdar", folder / "a.tar"}), HasSubstr("not a valid archive"));
    EXPECT_THAT(error_of({"icdar", folder / "a.tar.gz"}), HasSubstr("compressed tar"));
}

TEST(Listing, label_files_may_be_called_after_the_stem_or_the_file) {
    const test::TempDir folder;
    for (const char* name : {"a", "b", "c", "d"}) write(folder / (std::string(name) + ".jpg"), "");
    for (const char* label : {"gt_a.txt", "b.txt", "c.jpg.txt", "gt_d.jpg.txt"})
        write(folder / label, "1,2,9,2,9,8,1,8,w\n");
    const Listing listing = list_images({"icdar", folder / "", folder / ""});
    EXPECT_EQ(listing.images.size(), 4u);
    EXPECT_TRUE(listing.problems.empty());
}

TEST(Listing, images_are_found_whatever_stands_before_their_names) {
    const test::TempDir folder;
    for (const char* name : {"a.jpg", "sub/b.jpg", "c.png", "sub/deep/d.jpg"})
        write(folder / ("images/" + std::string(name)), "");
    write(folder / "Label.txt",
          "C:\\photos\\a.jpg\t[]\n/data/upload/sub/b.jpg\t[]\nimages/c\t[]\nd.jpg\t[]\n"
          "../images/a.jpg\t[]\ne.jpg\t[]\n");
    const Listing listing = list_images({"paddle", folder / "images", folder / "Label.txt"});
    EXPECT_EQ(listing.images.size(), 4u);
    ASSERT_EQ(listing.unusable.size(), 2u);
    EXPECT_THAT(listing.unusable[0], HasSubstr(":5: names ../images/a.jpg twice"));
    EXPECT_THAT(listing.unusable[1], HasSubstr(":6: names e.jpg, which is not in"));
}

TEST(Listing, lists_of_mhliao_name_images_and_labels) {
    const test::TempDir folder;
    for (const char* root : {"icdar", "TD_TR"}) {
        const std::string set = std::string(root) + "/";
        for (const char* name : {"img_1.jpg", "img_2.JPG"})
            write(folder / (set + "test_images/" + name), "");
        write(folder / (set + "test_gts/gt_img_1.txt"), "1,2,9,2,9,8,1,8,1\n1,2,9,2,9,8,1,8,0\n");
        write(folder / (set + "test_gts/img_2.JPG.txt"), "1,2,9,2,9,8,9,9,a,b\nbroken\n");
        write(folder / (set + "test_list.txt"),
              "\xEF\xBB\xBFimg_1.jpg\r\nimg_2.JPG\r\nimg_3.jpg\r\n");
        const Dataset found({"", folder / root, folder / (set + "test_list.txt")});
        EXPECT_EQ(found.spec().format, "mhliao");
        ASSERT_EQ(found.images().size(), 2u);
        const std::vector<RecordRegion> first = read_labels(found.spec(), found.images()[0]);
        const std::vector<RecordRegion> second = read_labels(found.spec(), found.images()[1]);
        ASSERT_EQ(first.size(), 2u);
        ASSERT_EQ(second.size(), 1u);
        const bool flags = std::string(root) == "TD_TR";
        EXPECT_EQ(first[0].ignore, flags);
        EXPECT_FALSE(first[1].ignore);
        EXPECT_EQ(first[1].text, flags ? "" : "0");
        EXPECT_EQ(second[0].text, flags ? "" : "a,b");
        EXPECT_EQ(list_images(found.spec()).unusable.size(), 2u);
    }
}

TEST(Listing, says_what_was_recognised_and_why) {
    const test::TempDir folder;
    write(folder / "images/1.jpg", "");
    write(folder / "gts/gt_1.txt", "1,2,9,2,9,8,1,8,w\n");
    std::string said;
    const DatasetSpec spec =
        recognised({"", folder / "images"}, [&](const std::string& what) { said = what; });
    EXPECT_EQ(spec.format, "icdar");
    EXPECT_EQ(spec.labels, folder / "gts");
    EXPECT_THAT(said, HasSubstr("labels of the format icdar in " + (folder / "gts")));
    write(folder / "other/1.jpg", "");
    EXPECT_THAT(error_of({"", folder / "other"}), HasSubstr("no labels were found"));
    write(folder / "other/1.txt", "hello\n");
    EXPECT_THAT(error_of({"", folder / "other", folder / "other"}), HasSubstr("of no format"));
}

}  // namespace
}  // namespace dbnet::data
