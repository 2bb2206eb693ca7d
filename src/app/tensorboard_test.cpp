#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>

#include <google/protobuf/unknown_field_set.h>

#include "app/tensorboard.hpp"
#include "core/file.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

/// CRC-32C bit by bit (RFC 3720, appendix B.4).
std::uint32_t crc32c(const std::string& bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const char c : bytes) {
        crc ^= static_cast<unsigned char>(c);
        for (int i = 0; i < 8; ++i) crc = (crc & 1) ? (crc >> 1) ^ 0x82f63b78u : crc >> 1;
    }
    return ~crc;
}

std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

template <typename T>
T value_at(const std::string& bytes, std::size_t place) {
    T value;
    std::memcpy(&value, bytes.data() + place, sizeof value);
    return value;
}

/// The records of a file; checks their checksums.
std::vector<std::string> records_of(const std::string& path) {
    const std::vector<std::uint8_t> content = core::read_file(path);
    const std::string bytes(content.begin(), content.end());
    std::vector<std::string> records;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto size = value_at<std::uint64_t>(bytes, at);
        EXPECT_EQ(value_at<std::uint32_t>(bytes, at + 8), masked(crc32c(bytes.substr(at, 8))));
        records.push_back(bytes.substr(at + 12, size));
        EXPECT_EQ(value_at<std::uint32_t>(bytes, at + 12 + size), masked(crc32c(records.back())));
        at += size + 16;
    }
    return records;
}

/// A message of any type.
class Message {
public:
    explicit Message(const std::string& bytes) { EXPECT_TRUE(fields_->ParseFromString(bytes)); }
    int size() const { return fields_->field_count(); }
    const UnknownField& at(int place) const { return fields_->field(place); }
    const UnknownField& operator[](int number) const {
        for (int i = 0; i < size(); ++i)
            if (at(i).number() == number) return at(i);
        throw std::out_of_range("no field " + std::to_string(number));
    }

private:
    std::unique_ptr<UnknownFieldSet> fields_ = std::make_unique<UnknownFieldSet>();
};

std::string only_file(const std::string& folder) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        files.push_back(entry.path());
    EXPECT_EQ(files.size(), 1);
    return files.at(0);
}

TEST(TensorBoard, ChecksumIsTheStandards) { EXPECT_EQ(crc32c("123456789"), 0xe3069283u); }

TEST(TensorBoard, WritesEventsInProtobufsWireFormat) {
    const test::TempDir dir;
    Image image(40, 30);
    {
        TensorBoardWriter writer(dir / "tensorboard", 300);
        writer.add_scalars(301, {{"loss/total", 2.5}, {"loss/none", std::nan("")}, {"lr", 1e-3}});
        writer.add_image(302, "train/batch", image);
    }
    const std::string path = only_file(dir / "tensorboard");
    EXPECT_TRUE(
        std::filesystem::path(path).filename().string().starts_with("events.out.tfevents."));
    const std::vector<std::string> records = records_of(path);
    ASSERT_EQ(records.size(), 4);

    const Message version(records[0]);
    EXPECT_EQ(version[3].length_delimited(), "brain.Event:2");
    const auto bits = version[1].fixed64();
    EXPECT_GT(value_at<double>({reinterpret_cast<const char*>(&bits), 8}, 0), 1.7e9) << "seconds";

    const Message start(records[1]);
    EXPECT_EQ(start[2].varint(), 300);
    EXPECT_EQ(Message(start[7].length_delimited())[1].varint(), 1) << "START";

    const Message scalars(records[2]);
    EXPECT_EQ(scalars[2].varint(), 301);
    const Message values(scalars[5].length_delimited());
    ASSERT_EQ(values.size(), 2) << "what is not finite is left out";
    const Message loss(values.at(0).length_delimited());
    EXPECT_EQ(loss[1].length_delimited(), "loss/total");
    const std::uint32_t number = loss[2].fixed32();
    EXPECT_EQ(value_at<float>({reinterpret_cast<const char*>(&number), 4}, 0), 2.5f);

    const Message summary(Message(records[3])[5].length_delimited());
    const Message value(summary.at(0).length_delimited());
    EXPECT_EQ(value[1].length_delimited(), "train/batch");
    const Message picture(value[4].length_delimited());
    EXPECT_EQ(picture[1].varint(), 30);
    EXPECT_EQ(picture[2].varint(), 40);
    const std::string& encoded = picture[4].length_delimited();
    const Image decoded =
        Image::decode({reinterpret_cast<const std::uint8_t*>(encoded.data()), encoded.size()});
    EXPECT_EQ(decoded.width(), 40);
    EXPECT_EQ(decoded.height(), 30);
}

}  // namespace
}  // namespace dbnet::app
