// image_corpus DIR: writes small images of every kind into DIR, one file each.
#include <filesystem>
#include <iostream>

#include "core/file.hpp"
#include "support/images.hpp"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: image_corpus DIR\n";
        return 2;
    }
    std::filesystem::create_directories(argv[1]);
    auto images = dbnet::test::encoded_images();
    for (auto* more : {dbnet::test::oriented_images, dbnet::test::images_with_huge_headers})
        for (auto& image : more()) images.push_back(image);
    for (const auto& image : images)
        dbnet::core::write_file(std::string(argv[1]) + "/" + image.name, image.bytes);
    std::cout << images.size() << " files written\n";
}
