// Does a detector's memory stay flat? Detects on images of ever new sizes from several threads and
// compares the resident size after a fifth of them with that at the end. usage: soak MODEL [IMAGES
// [LANES]]        exit status 1 if the process grew by more than 5 %
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <string>

#include <dbnet/dbnet.hpp>

#include "support/scene.hpp"

namespace {

/// Megabytes of this process in physical memory.
double resident() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::strtod(line.c_str() + 6, nullptr) * 1024 / 1e6;
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    ::setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64", 0);  // as the command does
    const int count = argc > 2 ? std::atoi(argv[2]) : 1000;
    dbnet::DetectorOptions options;
    options.lanes = options.threads = argc > 3 ? std::atoi(argv[3]) : 2;
    const auto detector = dbnet::Detector::open(argv[1], options);
    std::mt19937 random(1);
    double early = 0;
    for (int done = 0; done < count; done += options.lanes) {
        std::vector<dbnet::test::Scene> scenes;
        std::vector<dbnet::ImageView> images;
        for (int i = 0; i < options.lanes; ++i) {
            const int width = 200 + static_cast<int>(random() % 1400);
            const int height = 200 + static_cast<int>(random() % 1000);
            scenes.push_back(dbnet::test::make_scene(width, height, 12, random()));
        }
        for (const auto& scene : scenes) images.push_back(scene.image);
        detector.detect(images);
        if (done < count / 5) early = resident();
    }
    const double late = resident();
    std::cout << "resident after " << count / 5 << " images " << early << " MB, after " << count
              << ' ' << late << " MB, " << late / early << " of it; the detector says "
              << detector.memory().total() / 1e6 << " MB\n";
    return late > 1.05 * early;
}
