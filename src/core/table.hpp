// Table: objects under growing ids. Lookup is two steps of arithmetic, iteration goes by id, and a
// page whose objects are all gone is given back, so a table that lives for years holds only what is
// alive.
#pragma once

#include "base/assert.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace suan::core {

template <typename T>
class Table {
public:
    static constexpr std::uint64_t page_size = 256;

    Table() = default;
    Table(Table&&) noexcept = default;
    Table& operator=(Table&&) noexcept = default;
    Table(const Table& other) { *this = other; }
    Table& operator=(const Table& other) {
        if (this == &other) return *this;
        pages_.clear();
        pages_.reserve(other.pages_.size());
        for (const auto& page : other.pages_) {
            pages_.push_back(page ? std::make_unique<Page>(*page) : nullptr);
        }
        first_page_ = other.first_page_;
        size_ = other.size_;
        return *this;
    }

    // The new object under `id`, which must be free. References stay valid until it is erased.
    T& insert(std::uint64_t id, T object) {
        Page& page = page_for(id);
        std::optional<T>& slot = page.slots[id % page_size];
        SUAN_ASSERT(!slot.has_value());
        slot.emplace(std::move(object));
        ++page.used;
        ++size_;
        return *slot;
    }

    T* find(std::uint64_t id) { return const_cast<T*>(static_cast<const Table*>(this)->find(id)); }
    const T* find(std::uint64_t id) const {
        const std::uint64_t number = id / page_size;
        if (number < first_page_ || number - first_page_ >= pages_.size()) return nullptr;
        const auto& page = pages_[number - first_page_];
        if (!page) return nullptr;
        const std::optional<T>& slot = page->slots[id % page_size];
        return slot.has_value() ? &*slot : nullptr;
    }
    T& at(std::uint64_t id) {
        T* object = find(id);
        SUAN_ASSERT(object != nullptr);
        return *object;
    }
    const T& at(std::uint64_t id) const {
        const T* object = find(id);
        SUAN_ASSERT(object != nullptr);
        return *object;
    }

    void erase(std::uint64_t id) {
        SUAN_ASSERT(find(id) != nullptr);
        auto& page = pages_[id / page_size - first_page_];
        page->slots[id % page_size].reset();
        --size_;
        if (--page->used == 0) page.reset();
        drop_empty_front();
    }

    std::size_t size() const { return size_; }

    // Calls visit(id, object) in order of ids, from `from` on, until it returns false or the end.
    template <typename Visit>
    void for_each_from(std::uint64_t from, Visit visit) const {
        for (std::size_t p = page_index(from); p < pages_.size(); ++p) {
            if (!pages_[p]) continue;
            const std::uint64_t base = (first_page_ + p) * page_size;
            for (std::uint64_t i = from > base ? from - base : 0; i < page_size; ++i) {
                const std::optional<T>& slot = pages_[p]->slots[i];
                if (slot.has_value() && !visit(base + i, *slot)) return;
            }
        }
    }
    // The same downwards, from `from` on.
    template <typename Visit>
    void for_each_down_from(std::uint64_t from, Visit visit) const {
        for (std::size_t p = pages_.size(); p-- > 0;) {
            if (!pages_[p]) continue;
            const std::uint64_t base = (first_page_ + p) * page_size;
            if (base > from) continue;
            const std::uint64_t top = from - base < page_size ? from - base + 1 : page_size;
            for (std::uint64_t i = top; i-- > 0;) {
                const std::optional<T>& slot = pages_[p]->slots[i];
                if (slot.has_value() && !visit(base + i, *slot)) return;
            }
        }
    }
    template <typename Visit>
    void for_each(Visit visit) const {
        for_each_from(0, [&](std::uint64_t id, const T& object) {
            visit(id, object);
            return true;
        });
    }

private:
    struct Page {
        std::array<std::optional<T>, page_size> slots;
        std::uint32_t used = 0;
    };

    std::size_t page_index(std::uint64_t id) const {
        const std::uint64_t number = id / page_size;
        return number <= first_page_ ? 0 : static_cast<std::size_t>(number - first_page_);
    }
    Page& page_for(std::uint64_t id) {
        const std::uint64_t number = id / page_size;
        if (pages_.empty()) first_page_ = number;
        if (number < first_page_) {  // only a restore inserts below what is there
            const std::uint64_t missing = first_page_ - number;
            std::vector<std::unique_ptr<Page>> grown(missing);
            for (auto& page : pages_)
                grown.push_back(std::move(page));
            pages_ = std::move(grown);
            first_page_ = number;
        }
        while (number - first_page_ >= pages_.size())
            pages_.push_back(nullptr);
        auto& page = pages_[number - first_page_];
        // An empty slot needs no more than its flag: do not clear the rest.
        if (!page) page = std::make_unique_for_overwrite<Page>();
        return *page;
    }
    void drop_empty_front() {
        std::size_t empty = 0;
        while (empty < pages_.size() && !pages_[empty])
            ++empty;
        // Moving the rest costs its length, so it is done when at least half is empty.
        if (empty == 0 || empty * 2 < pages_.size()) return;
        pages_.erase(pages_.begin(), pages_.begin() + static_cast<std::ptrdiff_t>(empty));
        first_page_ += empty;
    }

    std::vector<std::unique_ptr<Page>> pages_;
    std::uint64_t first_page_ = 0;
    std::size_t size_ = 0;
};

}  // namespace suan::core
