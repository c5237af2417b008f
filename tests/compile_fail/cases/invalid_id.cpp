// says: invalid task id: 1 to 255 bytes of UTF-8 without control characters, without :: and without a colon at an end
// names: extract
CLOACINA_TASK(extract, .id = "shop::extract") {}
