// Clips that were loaded ahead learn what was decided on others of their uploader in the meantime.
addPanel({
  order: 85,
  answered(item, { uploaderList }, desk) {
    for (const { leaseKey, uploader } of uploaderList ?? []) {
      const lease = desk.leases.find((one) => one.leaseKey === leaseKey);
      if (lease) Object.assign(lease, { uploader, hasNewUploader: true });
    }
  },
  update({ desk, clips, config }) {
    for (const lease of desk.leases) {
      const box = lease.hasNewUploader && clips.get(lease.leaseKey)?.element.querySelector(".uploader");
      if (!box) continue;
      box.replaceWith(uploaderFacts(lease.uploader, config));
      lease.hasNewUploader = false;
    }
  },
});
