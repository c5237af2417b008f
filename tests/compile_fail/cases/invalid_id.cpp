// says: invalid task id: 1 to 255 bytes without control characters and without ::
// names: extract
CLOACINA_TASK(extract, .id = "shop::extract") {}
