-- Videos without a file do not wait for review.
update videos set censor_status = 'onCensor' where censor_status = 'check' and status in ('Uploading', 'UploadFail');
