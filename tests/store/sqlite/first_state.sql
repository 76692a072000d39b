-- A data folder as the first state of the database, made by commit 4f49376: six videos, one of them in the trash, with
-- reviews, recommendations, jobs, accounts and a history of all that.
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
CREATE TABLE users (
    user_id text primary key,
    user_name text not null,
    user_name_folded text not null,
    avatar_url text not null default ''
) strict, without rowid;
CREATE TABLE videos (
    seq integer primary key,
    id integer not null unique,
    video_id text not null unique,
    title text not null,
    title_folded text not null,
    description text not null,
    duration real not null,
    size integer not null,
    width integer not null,
    height integer not null,
    created integer not null,
    cate_id integer not null,
    cate_name text not null,
    tags text not null,
    share_url text not null,
    user_id text not null references users,
    status text not null,
    censor_status text not null,
    transcode_status text not null,
    narrow_transcode_status text not null,
    snapshot_status text not null,
    media_key text not null
, version integer not null default 0) strict;
CREATE TABLE files (
    video_id text not null references videos (video_id) on delete cascade,
    kind text not null,
    position integer not null,
    name text not null,
    size integer not null,
    width integer not null,
    height integer not null,
    duration real not null,
    bitrate integer not null,
    codec text not null,
    primary key (video_id, kind, position)
) strict, without rowid;
CREATE TABLE recommendations (
    seq integer primary key,
    video_id text not null unique references videos (video_id) on delete cascade,
    recommended integer not null,
    title text, title_folded text, description text, duration real, size integer,
    tags text, cate_id integer, cate_name text,
    user_id text, cover_url text, first_frame_url text,
    transcode_status text, snapshot_status text, censor_status text
) strict;
CREATE TABLE jobs (
    job_id text primary key,
    kind text not null,
    state text not null,
    video_id text not null,
    priority integer not null,
    created integer not null,
    started integer,
    finished integer,
    attempts integer not null default 0,
    progress real not null default 0,
    owner text not null default '',
    lease_until real not null default 0,
    reference text not null default '',
    error text not null default '',
    detail text not null default '',
    payload text not null,
    result text not null default '{}'
) strict, without rowid;
CREATE TABLE prewarmed (
    job_id text not null references jobs on delete cascade,
    position integer not null,
    url text not null,
    state text not null,
    detail text not null default '',
    primary key (job_id, position)
) strict, without rowid;
CREATE TABLE accounts (
    account_id integer primary key,
    user_name text not null unique,
    password_hash text not null,
    role text not null,
    created integer not null,
    disabled integer not null default 0
) strict;
CREATE TABLE sessions (
    token_hash text primary key,
    account_id integer not null references accounts on delete cascade,
    created integer not null,
    expires integer not null,
    address text not null
, way text not null default '', agent text not null default '', seen integer not null default 0, name text not null default '', granted text not null default '') strict, without rowid;
CREATE TABLE history (
    id integer primary key,
    at integer not null,
    actor text not null,
    way text not null,
    address text not null,
    request_id text not null,
    action text not null,
    target text not null,
    before text not null,
    after text not null
, token text not null default '', previous blob not null default x'', hash blob not null default x'') strict;
CREATE TABLE feed (
    seq integer primary key,
    video_id text not null unique,
    user_id text not null,
    user_name_folded text not null,
    title_folded text not null,
    censor_status text not null,
    cate_id integer not null,
    duration real not null,
    size integer not null
) strict;
CREATE TABLE sums (name text primary key, value integer not null) strict, without rowid;
CREATE VIRTUAL TABLE videos_words using fts5 (
    words, content = '', columnsize = 0, prefix = '1', tokenize = 'ascii'
);
CREATE VIRTUAL TABLE videos_vocabulary using fts5vocab ('videos_words', 'row');
CREATE TABLE videos_per_span (
    span integer not null,
    censor_status text not null,
    number integer not null,
    primary key (span, censor_status)
) strict, without rowid;
CREATE TABLE videos_per_category (
    cate_id integer not null,
    censor_status text not null,
    number integer not null,
    bytes integer not null,
    microseconds integer not null,
    primary key (cate_id, censor_status)
) strict, without rowid;
CREATE VIRTUAL TABLE feed_words using fts5 (
    words, content = '', columnsize = 0, prefix = '1', tokenize = 'ascii'
);
CREATE VIRTUAL TABLE feed_vocabulary using fts5vocab ('feed_words', 'row');
CREATE TABLE feed_per_span (
    span integer not null,
    censor_status text not null,
    number integer not null,
    primary key (span, censor_status)
) strict, without rowid;
CREATE TABLE feed_per_category (
    cate_id integer not null,
    censor_status text not null,
    number integer not null,
    bytes integer not null,
    microseconds integer not null,
    primary key (cate_id, censor_status)
) strict, without rowid;
CREATE TABLE history_head (
    one integer primary key check (one = 1),
    id integer not null,
    hash blob not null
) strict;
CREATE TABLE job_counts (
    kind text not null,
    state text not null,
    count integer not null,
    primary key (kind, state)
) strict, without rowid;
CREATE TABLE cloud_jobs (
    cloud_id text primary key,
    task_id text not null,
    job_id text not null,
    video_id text not null,
    kind text not null
) strict, without rowid;
CREATE TABLE cloud_intents (
    action text not null,
    target text not null,
    begun real not null,
    payload text not null,
    actor text not null,
    primary key (action, target)
) strict, without rowid;
CREATE TABLE cloud_events (
    id integer primary key,
    received real not null,
    due real not null,
    tries integer not null default 0,
    type text not null,
    target text not null,
    body text not null
) strict;
CREATE TABLE cloud_pushes (
    id integer primary key,
    job_id text not null,
    day text not null,
    begun real not null,
    state text not null,
    positions text not null,
    task_ids text not null default '',
    error text not null default ''
) strict;
CREATE TABLE cloud_drift (
    video_id text not null,
    what text not null,
    here text not null,
    there text not null,
    found integer not null,
    primary key (video_id, what)
) strict, without rowid;
CREATE TABLE cloud_seen (
    video_id text primary key,
    run integer not null
) strict, without rowid;
CREATE TABLE cloud_places (
    name text primary key,
    value text not null
) strict, without rowid;
CREATE TABLE trash (
    id integer primary key,
    video_id text not null unique,
    title_folded text not null,
    deleted integer not null,
    until integer not null,
    deleted_by text not null,
    video text not null,
    files text not null,
    recommendation text not null,
    jobs text not null
) strict;
CREATE TABLE videos_reworded (
    seq integer not null,
    gone integer not null,
    title_folded text,
    user_name_folded text,
    user_id text,
    censor_status text,
    cate_id integer
) strict;
CREATE TABLE feed_reworded (
    seq integer not null,
    gone integer not null,
    title_folded text,
    user_name_folded text,
    user_id text,
    censor_status text,
    cate_id integer
) strict;
insert into "_sqlite_migrations" values (1, 'qu-console', 'm001_catalogue', '2026-11-29 21:53:45.518511+00:00');
insert into "_sqlite_migrations" values (2, 'qu-console', 'm002_jobs', '2026-11-29 21:53:45.522513+00:00');
insert into "_sqlite_migrations" values (3, 'qu-console', 'm003_people', '2026-11-29 21:53:45.523105+00:00');
insert into "_sqlite_migrations" values (4, 'qu-console', 'm004_finding', '2026-11-29 21:53:45.599124+00:00');
insert into "_sqlite_migrations" values (5, 'qu-console', 'm005_ended_jobs', '2026-11-29 21:53:45.599447+00:00');
insert into "_sqlite_migrations" values (6, 'qu-console', 'm006_trust', '2026-11-29 21:53:45.625542+00:00');
insert into "_sqlite_migrations" values (7, 'qu-console', 'm007_counted_jobs', '2026-11-29 21:53:45.701157+00:00');
insert into "_sqlite_migrations" values (8, 'qu-console', 'm008_cloud', '2026-11-29 21:53:45.702079+00:00');
insert into "_sqlite_migrations" values (9, 'qu-console', 'm009_trash', '2026-11-29 21:53:45.702387+00:00');
insert into "_sqlite_migrations" values (10, 'qu-console', 'm010_filtered_history', '2026-11-29 21:53:45.702591+00:00');
insert into "_sqlite_migrations" values (11, 'qu-console', 'm011_reworded', '2026-11-29 21:53:45.703292+00:00');
insert into "users" values ('2434793223202', '安妮', '安妮', 'https://example.com/a.png');
insert into "users" values ('u2', 'Ben', 'ben', '');
insert into "videos" values (1782652600320000, 1, 'v0', '海边的日落 Sunset', '海边的日落 sunset', 'd0', 12.5, 1000000, 0, 0, 1700070000, 0, '', '', '', '2434793223202', 'Normal', 'success', '', '', '', '9qwZ1dlmVvfRw4jI', 2);
insert into "videos" values (1782726005882880, 2, 'v1', '爱你❤️', '爱你❤️', 'd1', 13.5, 1000000, 0, 0, 1700140005, 1, '美食', '海,travel', '', 'u2', 'Normal', 'success', '', 'onTranscode', '', 'BCCUaeivtJI_vD2I', 3);
insert into "videos" values (1782799411445760, 3, 'v2', 'Ｆｕｌｌ width', 'full width', 'd2', 14.5, 1000000, 0, 0, 1700210010, 2, '旅行', '', '', '2434793223202', 'Normal', 'success', '', '', '', 'u2LztXuq8nZtaRbm', 1);
insert into "videos" values (1782872817008640, 4, 'v3', '火锅', '火锅', 'd3', 15.5, 1000000, 0, 0, 1700280015, 0, '', '海,travel', '', 'u2', 'Blocked', 'fail', '', '', 'onSnapshot', '3o7e6HNuNr5lbex3', 2);
insert into "videos" values (1783019628134400, 6, 'v5', 'for good', 'for good', 'd5', 17.5, 1000000, 0, 0, 1700420025, 2, '旅行', '海,travel', '', 'u2', 'Checking', 'check', '', '', '', 'db9m_-6GXrkcT4zn', 0);
insert into "files" values ('v0', 'common', 0, 'common-720.mp4', 400000, 1280, 720, 12.5, 256000, 'h264');
insert into "files" values ('v0', 'narrow', 0, 'narrow-720.mp4', 150000, 1280, 720, 12.5, 96000, 'av1');
insert into "files" values ('v0', 'source', 0, 'source.mp4', 1000000, 1920, 1080, 12.5, 640000, 'h264');
insert into "files" values ('v1', 'common', 0, 'common-720.mp4', 400000, 1280, 720, 12.5, 256000, 'h264');
insert into "files" values ('v1', 'narrow', 0, 'narrow-720.mp4', 150000, 1280, 720, 12.5, 96000, 'av1');
insert into "files" values ('v1', 'source', 0, 'source.mp4', 1000000, 1920, 1080, 12.5, 640000, 'h264');
insert into "files" values ('v2', 'common', 0, 'common-720.mp4', 400000, 1280, 720, 12.5, 256000, 'h264');
insert into "files" values ('v2', 'narrow', 0, 'narrow-720.mp4', 150000, 1280, 720, 12.5, 96000, 'av1');
insert into "files" values ('v2', 'source', 0, 'source.mp4', 1000000, 1920, 1080, 12.5, 640000, 'h264');
insert into "files" values ('v3', 'source', 0, 'source.mp4', 1000000, 1920, 1080, 12.5, 640000, 'h264');
insert into "files" values ('v5', 'source', 0, 'source.mp4', 1000000, 1920, 1080, 12.5, 640000, 'h264');
insert into "recommendations" values (1783019633377280, 'v1', 1700420030, '推荐 爱你❤️', '推荐 爱你❤️', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
insert into "recommendations" values (1783019633377281, 'v0', 1700420030, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
insert into "jobs" values ('7e517f1b330d49a1babe40f4fe3a35dc', 'narrow', 'queued', 'v1', 3, 1700420030, NULL, NULL, 0, 0.0, '', 0.0, '', '', '', '{}', '{}');
insert into "jobs" values ('8e560813c5144c4abb974eb6544c155c', 'prewarm', 'queued', '', 0, 1700420030, NULL, NULL, 0, 0.0, '', 0.0, '', '', '', '{"urls": ["https://example.com/media/a.mp4"]}', '{}');
insert into "jobs" values ('e2db5859f3aa45a4b152e2f772ae0fe7', 'snapshot', 'queued', 'v3', 0, 1700280015, NULL, NULL, 0, 0.0, '', 0.0, '', '', '', '{}', '{}');
insert into "prewarmed" values ('8e560813c5144c4abb974eb6544c155c', 0, 'https://example.com/media/a.mp4', 'waiting', '');
insert into "accounts" values (1, 'anne', '$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$hash', 'admin', 1700000000, 0);
insert into "accounts" values (2, 'Ännchen', 'x', 'reviewer', 1700000000, 0);
insert into "sessions" values ('31c540a68c867d153194888f72ff7b2cf12dccb15be29c6cd9517a337d675f8e', 1, 1700000000, 1731536000, '198.51.100.7', 'page', '', 0, 'script', 'read');
insert into "sessions" values ('97daac0ee9998dfcad6c9c0970da5ca411c86233a944c25b47566f6a7bc1ddd5', 1, 1700000000, 1702592000, '198.51.100.7', 'page', '', 1700000000, '', '');
insert into "history" values (1, 1700000000, 'first start', 'command line', '', '', 'addAccount', 'anne', '{}', '{"role":"admin"}', '', X'0000000000000000000000000000000000000000000000000000000000000000', X'E6AAC4D7F7C778D57D1C41F08EBBB26436505B11175FF2FC5B562191F47B437D');
insert into "history" values (2, 1700000000, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'addAccount', 'Ännchen', '{}', '{"role":"reviewer"}', '', X'E6AAC4D7F7C778D57D1C41F08EBBB26436505B11175FF2FC5B562191F47B437D', X'B1F0081A381101D30FDC257BD80ED96FCD904C70D4496A2D1B30E047B6E518B6');
insert into "history" values (3, 1700000000, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'login', 'anne', '{}', '{}', '', X'B1F0081A381101D30FDC257BD80ED96FCD904C70D4496A2D1B30E047B6E518B6', X'65BDEAAB8A74461AFFF08FD4218D518E2DA162575FD6DA7E41F5C470720277CE');
insert into "history" values (4, 1700000000, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'createToken', 'anne', '{}', '{"name":"script","right":"read","expires":"2024-11-13T22:13:20+00:00"}', '', X'65BDEAAB8A74461AFFF08FD4218D518E2DA162575FD6DA7E41F5C470720277CE', X'E11F3A5C454A534FC4B46BB69692FC52AE9EF183ED98D8E4334FE4828B96A812');
insert into "history" values (5, 1700070000, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'uploadVideo', 'v0', '{}', '{"title":"海边的日落 Sunset","userId":"2434793223202","size":1000000}', '', X'E11F3A5C454A534FC4B46BB69692FC52AE9EF183ED98D8E4334FE4828B96A812', X'3E25DF330B828ABF30490C2826EEDBE3D6EFD0F846C5CF8F79B0B102BDCCC208');
insert into "history" values (6, 1700070005, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'createAudit', 'v0', '{"status":"Checking","censorStatus":"check","isRecommend":false}', '{"status":"Normal","censorStatus":"success","reason":"","comment":"ok"}', '', X'3E25DF330B828ABF30490C2826EEDBE3D6EFD0F846C5CF8F79B0B102BDCCC208', X'DDE3A559E57EB55BB3F18404F3353A7AA044C0361D9AEBA6F47F49DD9C6FB670');
insert into "history" values (7, 1700140005, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'uploadVideo', 'v1', '{}', '{"title":"爱你❤️","userId":"u2","size":1000000}', '', X'DDE3A559E57EB55BB3F18404F3353A7AA044C0361D9AEBA6F47F49DD9C6FB670', X'03E0983098C2DFD667F6E2F513CC92D544E85F19941E65AE0F532D29AE106421');
insert into "history" values (8, 1700140010, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'createAudit', 'v1', '{"status":"Checking","censorStatus":"check","isRecommend":false}', '{"status":"Normal","censorStatus":"success","reason":"","comment":"ok"}', '', X'03E0983098C2DFD667F6E2F513CC92D544E85F19941E65AE0F532D29AE106421', X'3931548BE172EAE467337D441FCA4BA417F6B29DD17CA1BE7C9AB9B78677BBDA');
insert into "history" values (9, 1700210010, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'uploadVideo', 'v2', '{}', '{"title":"Ｆｕｌｌ width","userId":"2434793223202","size":1000000}', '', X'3931548BE172EAE467337D441FCA4BA417F6B29DD17CA1BE7C9AB9B78677BBDA', X'37E5995AC273101DC99F111D1551C8310FE276B9410D97C2D4D83D1CDA54BE43');
insert into "history" values (10, 1700210015, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'createAudit', 'v2', '{"status":"Checking","censorStatus":"check","isRecommend":false}', '{"status":"Normal","censorStatus":"success","reason":"","comment":"ok"}', '', X'37E5995AC273101DC99F111D1551C8310FE276B9410D97C2D4D83D1CDA54BE43', X'0985B2F35F84507A40FFDD83BBD8E832CDAA447CBD113E88485360972C1C3470');
insert into "history" values (11, 1700280015, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'uploadVideo', 'v3', '{}', '{"title":"火锅","userId":"u2","size":1000000}', '', X'0985B2F35F84507A40FFDD83BBD8E832CDAA447CBD113E88485360972C1C3470', X'1F81225CF1B337ACCBB86CCB056E6D5E79BD20151D1A54EC23D428CC8E2A10AB');
insert into "history" values (12, 1700350020, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'uploadVideo', 'v4', '{}', '{"title":"gone","userId":"2434793223202","size":1000000}', '', X'1F81225CF1B337ACCBB86CCB056E6D5E79BD20151D1A54EC23D428CC8E2A10AB', X'60FBADA5792B5B2E324EB0C3C38ED07682D8C143613A5ACE01462B17441AC190');
insert into "history" values (13, 1700420025, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'uploadVideo', 'v5', '{}', '{"title":"for good","userId":"u2","size":1000000}', '', X'60FBADA5792B5B2E324EB0C3C38ED07682D8C143613A5ACE01462B17441AC190', X'AD6AEE988285C088225D762131F0B32FF351D0AE64B6B9C991EAF43A8002D26F');
insert into "history" values (14, 1700420030, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'createAudit', 'v3', '{"status":"Checking","censorStatus":"check","isRecommend":false}', '{"status":"Blocked","censorStatus":"fail","reason":"广告","comment":""}', '', X'AD6AEE988285C088225D762131F0B32FF351D0AE64B6B9C991EAF43A8002D26F', X'034FE98102F4AFDE87FA675085A8FC16362FAC0FACC28372ABC4C0E49C2D4115');
insert into "history" values (15, 1700420030, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'recommendVideo', 'v1', '{"isRecommend":false,"title":null}', '{"isRecommend":true,"title":"推荐 爱你❤️","isNarrow":false,"prewarm":[]}', '', X'034FE98102F4AFDE87FA675085A8FC16362FAC0FACC28372ABC4C0E49C2D4115', X'5D906527D85FD2EDE1EF6F18452176417FBB9FA110D24818BF2599A59C8F4565');
insert into "history" values (16, 1700420030, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'recommendVideo', 'v0', '{"isRecommend":false}', '{"isRecommend":true,"isNarrow":false,"prewarm":[]}', '', X'5D906527D85FD2EDE1EF6F18452176417FBB9FA110D24818BF2599A59C8F4565', X'B0CE168F1AF5C133719359D013F920366801E5EB175EC8A4959AECEE29714513');
insert into "history" values (17, 1700420030, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'deleteVideoById', 'v4', '{"title":"gone","userId":"2434793223202","status":"Checking","size":1000000}', '{"trashUntil":"2023-11-26T18:53:50+00:00"}', '', X'B0CE168F1AF5C133719359D013F920366801E5EB175EC8A4959AECEE29714513', X'528466AAAB9E5B8E570150F478949410EAA8E472A26C9880512E20095308CAA5');
insert into "history" values (18, 1700420030, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'submitNarrow', 'v1', '{"narrow_transcode_status":""}', '{"narrow_transcode_status":"onTranscode"}', '', X'528466AAAB9E5B8E570150F478949410EAA8E472A26C9880512E20095308CAA5', X'B0F2811BEB5C08F9B9948814F9B0C3802657D68071E8ECD4A3A41CE4FECC73E6');
insert into "history" values (19, 1700420030, 'anne', 'page', '198.51.100.7', '6e0c2a9e-0001-4000-8000-000000000001', 'pushObjectCache', '8e560813c5144c4abb974eb6544c155c', '{}', '{"urls":["https://example.com/media/a.mp4"]}', '', X'B0F2811BEB5C08F9B9948814F9B0C3802657D68071E8ECD4A3A41CE4FECC73E6', X'81B41F2F55575DB83B6D2F1868DD3DA55065A2C7B8EDAB52152CCFA76359B7F8');
insert into "feed" values (1783019633377280, 'v1', 'u2', 'ben', '推荐 爱你❤️', 'success', 1, 13.5, 1000000);
insert into "feed" values (1783019633377281, 'v0', '2434793223202', '安妮', '海边的日落 sunset', 'success', 0, 12.5, 1000000);
insert into "sums" values ('narrow_bytes', 450000);
insert into "sums" values ('narrow_bytes_plain', 1200000);
delete from "videos_words_data";
insert into "videos_words_data" values (1, X'0548');
insert into "videos_words_data" values (10, X'00000001010B0B000B0101010201010301010401010501010601010701010801010901010A01010B0101');
insert into "videos_words_data" values (137438953473, X'0000020B033065748395AA82B8808000020C01026E738395AA82B8808000020A010273658395AA82B8808000020B0201758395AA82B88080000208010474EE82808395AA82B8808000020D0102756E8395AA82B880800002090106E697A5E890BD8395AA82B880800002050205B5B7E8BEB98395AA82B880800002020106E79A84E697A58395AA82B880800002040106E890BDEE80A08395AA82B880800002060205BEB9E79A848395AA82B880800002030104EE80A0738395AA82B8808000020702088281E5AE89E5A6AE8395AA82B8808000020E030482E5A6AE8395AA82B880800002100502AE898395AA82B8808000020F030E83323433343739333232333230328395AA82B88080000211030684636865636B8395AA82B88080000212030285308395AA82B88080000213000231658395AA82B8808000020C01016E8395AA82B8808000020A0101738395AA82B88080000408050101748395AA82B8808000020D0101758395AA82B880800002090103E697A58395AA82B880800002050202B5B78395AA82B880800002020103E79A848395AA82B880800002040103E890BD8395AA82B880800002060202BEB98395AA82B880800002030103EE80A08395AA82B88080000207020282818395AA82B8808000020E0301828395AA82B8808000040F030301838395AA82B880800002110301848395AA82B880800002120301858395AA82B88080000213040E0E0E0D100E12111212111014100E1A120E0E0D0E0D0D0F0E0F0F0E0F0E0E0D0D');
insert into "videos_words_data" values (274877906945, X'0000003A0930EE8284636865636B8395AA82B8808000010407737563636573738395AA82B88080000202000431EE82848395AA82B88080000302041313');
insert into "videos_words_data" values (412316860417, X'000001450730E29DA4EFB88F8395AC93F2C0800002040106E4BDA0E29DA48395AC93F2C0800002030106E788B1E4BDA08395AC93F2C0800002020105EE828162658395AC93F2C0800002060402656E8395AC93F2C080000207030282628395AC93F2C0800002080401658395AC93F2C08000020904016E8395AC93F2C08000020A03038375328395AC93F2C08000020B030684636865636B8395AC93F2C08000020C030285318395AC93F2C08000020D0106EFB88FEE82808395AC93F2C080000205000431E29DA48395AC93F2C0800002040103E4BDA08395AC93F2C0800002030103E788B18395AC93F2C0800002020103EE82818395AC93F2C080000406030301828395AC93F2C08000060803030301838395AC93F2C08000020B0301848395AC93F2C08000020C0301858395AC93F2C08000020D0103EFB88F8395AC93F2C08000020504121212110E0E0D0D0F120E12100F0F100F0D0D0D');
insert into "videos_words_data" values (549755813889, X'0000003A0930EE8284636865636B8395AC93F2C08000010407737563636573738395AC93F2C080000202000431EE82848395AC93F2C080000302041313');
insert into "videos_words_data" values (687194767361, X'000001BD033064748395AEA5AD8080000209010266758395AEA5AD8080000202010468EE82808395AEA5AD808000020B010269648395AEA5AD808000020801026C6C8395AEA5AD80800002040203EE80A08395AEA5AD8080000205010274688395AEA5AD808000020A0102756C8395AEA5AD8080000203010277698395AEA5AD80800002070104EE80A0778395AEA5AD808000020602088281E5AE89E5A6AE8395AEA5AD808000020C030482E5A6AE8395AEA5AD808000020E0502AE898395AEA5AD808000020D030E83323433343739333232333230328395AEA5AD808000020F030684636865636B8395AEA5AD8080000210030285328395AEA5AD8080000211000231648395AEA5AD80800002090101668395AEA5AD80800002020101688395AEA5AD808000020B0101698395AEA5AD808000020801016C8395AEA5AD8080000404030101748395AEA5AD808000020A0101758395AEA5AD80800002030101778395AEA5AD80800002070103EE80A08395AEA5AD8080000206020282818395AEA5AD808000020C0301828395AEA5AD808000040D030301838395AEA5AD808000020F0301848395AEA5AD80800002100301858395AEA5AD8080000211040E0E100E0E0F0E0E0E1014100E1A120E0E0D0D0D0E0D0D0D0F0E0E0D0D');
insert into "videos_words_data" values (824633720833, X'0000003A0930EE8284636865636B8395AEA5AD808000010407737563636573738395AEA5AD8080000202000431EE82848395AEA5AD8080000302041313');
insert into "videos_words_data" values (962072674305, X'000001030730E781ABE994858395B0B6E7C0800002020106E99485EE82808395B0B6E7C0800002030105EE828162658395B0B6E7C0800002040402656E8395B0B6E7C080000205030282628395B0B6E7C0800002060401658395B0B6E7C08000020704016E8395B0B6E7C08000020803038375328395B0B6E7C080000209030684636865636B8395B0B6E7C08000020A030285308395B0B6E7C08000020B000431E781AB8395B0B6E7C0800002020103E994858395B0B6E7C0800002030103EE82818395B0B6E7C080000404030301828395B0B6E7C08000060603030301838395B0B6E7C0800002090301848395B0B6E7C08000020A0301858395B0B6E7C08000020B041212110E0E0D0D0F120E100F100F0D0D');
insert into "videos_words_data" values (1099511627777, X'00000124053065EE82808395B2C8A280800002050102676F8395B2C8A2808000020201026E658395B2C8A2808000020401026F6E8395B2C8A280800002030109EE8281E5AE89E5A6AE8395B2C8A28080000206030482E5A6AE8395B2C8A280800002080502AE898395B2C8A28080000207030E83323433343739333232333230328395B2C8A28080000209030684636865636B8395B2C8A2808000020A030285318395B2C8A2808000020B000231658395B2C8A280800002050101678395B2C8A2808000020201016E8395B2C8A2808000020401016F8395B2C8A280800002030103EE82818395B2C8A280800002060301828395B2C8A28080000407030301838395B2C8A280800002090301848395B2C8A2808000020A0301858395B2C8A2808000020B04100E0E0E15100E1A120E0E0D0D0D0F0E0D0D');
insert into "videos_words_data" values (1236950581249, X'00000185053064EE82808395B4D9DCC0800002090102666F8395B4D9DCC0800002020102676F8395B4D9DCC08000020601026F648395B4D9DCC08000020802016F8395B4D9DCC0800002070201728395B4D9DCC080000203010472EE80A08395B4D9DCC0800002040104EE80A0678395B4D9DCC0800002050204828162658395B4D9DCC08000020A0402656E8395B4D9DCC08000020B030282628395B4D9DCC08000020C0401658395B4D9DCC08000020D04016E8395B4D9DCC08000020E03038375328395B4D9DCC08000020F030684636865636B8395B4D9DCC080000210030285328395B4D9DCC080000211000231648395B4D9DCC0800002090101668395B4D9DCC0800002020101678395B4D9DCC08000020601016F8395B4D9DCC08000060306030101728395B4D9DCC0800002040103EE80A08395B4D9DCC080000205020282818395B4D9DCC08000040A030301828395B4D9DCC08000060C03030301838395B4D9DCC08000020F0301848395B4D9DCC0800002100301858395B4D9DCC08000021104100E0E0E0D0D1010100E0E0D0D0F120E0E0D0D0F0D0F0F0F0D0D');
insert into "videos_words_data" values (1374389534721, X'000000370930EE8284636865636B8395B0B6E7C080000104046661696C8395B0B6E7C080000202000431EE82848395B0B6E7C080000302041310');
insert into "videos_words_data" values (1511828488193, X'00000110053065EE82808395B2C8A2808000010102676F8395B2C8A28080000101026E658395B2C8A28080000101026F6E8395B2C8A2808000010109EE8281E5AE89E5A6AE8395B2C8A280800001030482E5A6AE8395B2C8A2808000010502AE898395B2C8A280800001030E83323433343739333232333230328395B2C8A280800001030684636865636B8395B2C8A280800001030285318395B2C8A280800001000231658395B2C8A2808000010101678395B2C8A28080000101016E8395B2C8A28080000101016F8395B2C8A2808000010103EE82818395B2C8A2808000010301828395B2C8A2808000010301838395B2C8A2808000010301848395B2C8A2808000010301858395B2C8A280800001040F0D0D0D140F0D19110D0D0C0C0C0E0C0C0C');
delete from "videos_words_idx";
insert into "videos_words_idx" values (1, X'', 2);
insert into "videos_words_idx" values (2, X'', 2);
insert into "videos_words_idx" values (3, X'', 2);
insert into "videos_words_idx" values (4, X'', 2);
insert into "videos_words_idx" values (5, X'', 2);
insert into "videos_words_idx" values (6, X'', 2);
insert into "videos_words_idx" values (7, X'', 2);
insert into "videos_words_idx" values (8, X'', 2);
insert into "videos_words_idx" values (9, X'', 2);
insert into "videos_words_idx" values (10, X'', 2);
insert into "videos_words_idx" values (11, X'', 2);
delete from "videos_words_config";
insert into "videos_words_config" values ('hashsize', 33554432);
insert into "videos_words_config" values ('version', 4);
insert into "videos_per_span" values (25941, 'check', 0);
insert into "videos_per_span" values (25941, 'success', 1);
insert into "videos_per_span" values (25942, 'check', 0);
insert into "videos_per_span" values (25942, 'success', 1);
insert into "videos_per_span" values (25943, 'check', 0);
insert into "videos_per_span" values (25943, 'success', 1);
insert into "videos_per_span" values (25944, 'check', 0);
insert into "videos_per_span" values (25944, 'fail', 1);
insert into "videos_per_span" values (25945, 'check', 0);
insert into "videos_per_span" values (25946, 'check', 1);
insert into "videos_per_category" values (0, 'check', 0, 0, 0);
insert into "videos_per_category" values (0, 'fail', 1, 1000000, 15500000);
insert into "videos_per_category" values (0, 'success', 1, 1000000, 12500000);
insert into "videos_per_category" values (1, 'check', 0, 0, 0);
insert into "videos_per_category" values (1, 'success', 1, 1000000, 13500000);
insert into "videos_per_category" values (2, 'check', 1, 1000000, 17500000);
insert into "videos_per_category" values (2, 'success', 1, 1000000, 14500000);
delete from "feed_words_data";
insert into "feed_words_data" values (1, X'0221');
insert into "feed_words_data" values (10, X'000000010102020002010101020101');
insert into "feed_words_data" values (137438953473, X'000001A80730E29DA4EFB88F8395B4D9DF80800002070106E4BDA0E29DA48395B4D9DF80800002060106E68EA8E88D908395B4D9DF80800002020106E788B1E4BDA08395B4D9DF80800002050106E88D90EE80A08395B4D9DF80800002030106EE80A0E788B18395B4D9DF80800002040204828162658395B4D9DF80800002090402656E8395B4D9DF808000020A030282628395B4D9DF808000020B0401658395B4D9DF808000020C04016E8395B4D9DF808000020D03038375328395B4D9DF808000020E030884737563636573738395B4D9DF808000020F030285318395B4D9DF80800002100106EFB88FEE82808395B4D9DF8080000208000431E29DA48395B4D9DF80800002070103E4BDA08395B4D9DF80800002060103E68EA88395B4D9DF80800002020103E788B18395B4D9DF80800002050103E88D908395B4D9DF80800002030103EE80A08395B4D9DF8080000204020282818395B4D9DF8080000409030301828395B4D9DF808000060B03030301838395B4D9DF808000020E0301848395B4D9DF808000020F0301858395B4D9DF80800002100103EFB88F8395B4D9DF808000020804121212121212100E0E0D0D0F140E12100F0F0F0F0F0F0F0D0D0D');
insert into "feed_words_data" values (274877906945, X'0000020D033065748395B4D9DF808001020C01026E738395B4D9DF808001020A010273658395B4D9DF808001020B0201758395B4D9DF8080010208010474EE82808395B4D9DF808001020D0102756E8395B4D9DF80800102090106E697A5E890BD8395B4D9DF80800102050205B5B7E8BEB98395B4D9DF80800102020106E79A84E697A58395B4D9DF80800102040106E890BDEE80A08395B4D9DF80800102060205BEB9E79A848395B4D9DF80800102030104EE80A0738395B4D9DF808001020702088281E5AE89E5A6AE8395B4D9DF808001020E030482E5A6AE8395B4D9DF80800102100502AE898395B4D9DF808001020F030E83323433343739333232333230328395B4D9DF8080010211030884737563636573738395B4D9DF8080010212030285308395B4D9DF8080010213000231658395B4D9DF808001020C01016E8395B4D9DF808001020A0101738395B4D9DF8080010408050101748395B4D9DF808001020D0101758395B4D9DF80800102090103E697A58395B4D9DF80800102050202B5B78395B4D9DF80800102020103E79A848395B4D9DF80800102040103E890BD8395B4D9DF80800102060202BEB98395B4D9DF80800102030103EE80A08395B4D9DF8080010207020282818395B4D9DF808001020E0301828395B4D9DF808001040F030301838395B4D9DF80800102110301848395B4D9DF80800102120301858395B4D9DF8080010213040E0E0E0D100E12111212111014100E1A140E0E0D0E0D0D0F0E0F0F0E0F0E0E0D0D');
delete from "feed_words_idx";
insert into "feed_words_idx" values (1, X'', 2);
insert into "feed_words_idx" values (2, X'', 2);
delete from "feed_words_config";
insert into "feed_words_config" values ('hashsize', 33554432);
insert into "feed_words_config" values ('version', 4);
insert into "feed_per_span" values (25946, 'success', 2);
insert into "feed_per_category" values (0, 'success', 1, 1000000, 12500000);
insert into "feed_per_category" values (1, 'success', 1, 1000000, 13500000);
insert into "history_head" values (1, 19, X'81B41F2F55575DB83B6D2F1868DD3DA55065A2C7B8EDAB52152CCFA76359B7F8');
insert into "job_counts" values ('narrow', 'queued', 1);
insert into "job_counts" values ('prewarm', 'queued', 1);
insert into "job_counts" values ('snapshot', 'queued', 1);
insert into "trash" values (5, 'v4', 'gone', 1700420030, 1701024830, 'anne', '[{"seq": 1782946222571520, "id": 5, "video_id": "v4", "title": "gone", "title_folded": "gone", "description": "d4", "duration": 16.5, "size": 1000000, "width": 0, "height": 0, "created": 1700350020, "cate_id": 1, "cate_name": "美食", "tags": "", "share_url": "", "user_id": "2434793223202", "status": "Checking", "censor_status": "check", "transcode_status": "", "narrow_transcode_status": "", "snapshot_status": "", "media_key": "sxMFfy7F364AVyZ_", "version": 0}]', '[{"video_id": "v4", "kind": "source", "position": 0, "name": "source.mp4", "size": 1000000, "width": 1920, "height": 1080, "duration": 12.5, "bitrate": 640000, "codec": "h264"}]', '[]', '[]');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX videos_by_censor_status on videos (censor_status, seq);
CREATE INDEX videos_by_user on videos (user_id, seq, censor_status);
CREATE UNIQUE INDEX jobs_one_at_a_time on jobs (video_id, kind) where state in ('queued', 'running') and video_id <> '';
CREATE INDEX jobs_to_claim on jobs (priority, created) where state in ('queued', 'running');
CREATE INDEX jobs_by_time on jobs (created);
CREATE INDEX jobs_by_video on jobs (video_id, created);
CREATE INDEX sessions_by_account on sessions (account_id);
CREATE INDEX history_by_target on history (target, id);
CREATE INDEX videos_by_category on videos (cate_id, seq, censor_status);
CREATE INDEX videos_by_duration on videos (duration, seq, censor_status, cate_id);
CREATE INDEX videos_by_size on videos (size, seq, censor_status, cate_id);
CREATE INDEX videos_by_title on videos (title_folded, seq);
CREATE INDEX videos_failed on videos (seq) where 'fail' in (transcode_status, narrow_transcode_status);
CREATE INDEX videos_running on videos (seq) where 'onTranscode' in (transcode_status, narrow_transcode_status);
CREATE INDEX feed_by_censor_status on feed (censor_status, seq);
CREATE INDEX feed_by_user on feed (user_id, seq, censor_status);
CREATE INDEX feed_by_category on feed (cate_id, seq, censor_status);
CREATE VIEW shown (
    seq, video_id, user_id, user_name_folded, title_folded, censor_status, cate_id, duration, size
) as
    select r.seq, r.video_id, coalesce(r.user_id, v.user_id), coalesce(u.user_name_folded, ''),
        coalesce(r.title_folded, v.title_folded), coalesce(r.censor_status, v.censor_status),
        coalesce(r.cate_id, v.cate_id), coalesce(r.duration, v.duration), coalesce(r.size, v.size)
    from recommendations r join videos v using (video_id)
        left join users u on u.user_id = coalesce(r.user_id, v.user_id);
CREATE TRIGGER videos_come after insert on videos begin
    
    insert into videos_reworded
        values (new.seq, false, new.title_folded, (select user_name_folded from users where user_id = new.user_id), new.user_id, new.censor_status, new.cate_id);

    
    insert into videos_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into videos_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;

end;
CREATE TRIGGER videos_go after delete on videos begin
    
    insert into videos_reworded
        values (old.seq, true, old.title_folded, (select user_name_folded from users where user_id = old.user_id), old.user_id, old.censor_status, old.cate_id);

    
    update videos_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update videos_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;

end;
CREATE TRIGGER videos_recount after update of censor_status, cate_id, size, duration on videos begin
    
    update videos_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update videos_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;

    
    insert into videos_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into videos_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;

end;
CREATE TRIGGER feed_come after insert on feed begin
    
    insert into feed_reworded
        values (new.seq, false, new.title_folded, new.user_name_folded, new.user_id, new.censor_status, new.cate_id);

    
    insert into feed_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into feed_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;

end;
CREATE TRIGGER feed_go after delete on feed begin
    
    insert into feed_reworded
        values (old.seq, true, old.title_folded, old.user_name_folded, old.user_id, old.censor_status, old.cate_id);

    
    update feed_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update feed_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;

end;
CREATE TRIGGER feed_recount after update of censor_status, cate_id, size, duration on feed begin
    
    update feed_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update feed_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;

    
    insert into feed_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into feed_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;

end;
CREATE TRIGGER recommendations_come after insert on recommendations begin
    insert into feed select * from shown where seq = new.seq;
    update videos set version = version + 1 where video_id = new.video_id;
end;
CREATE TRIGGER recommendations_change after update on recommendations begin
    delete from feed where seq = old.seq;
    insert into feed select * from shown where seq = new.seq;
    update videos set version = version + 1 where video_id = new.video_id;
end;
CREATE TRIGGER recommendations_go after delete on recommendations begin
    delete from feed where seq = old.seq;
    update videos set version = version + 1 where video_id = old.video_id;
end;
CREATE TRIGGER videos_show after update of user_id, title_folded, censor_status, cate_id, duration, size on videos
when exists (select 1 from feed where video_id = new.video_id) begin
    delete from feed where video_id = new.video_id;
    insert into feed select * from shown where video_id = new.video_id;
end;
CREATE TRIGGER users_come after insert on users
when exists (select 1 from feed where user_id = new.user_id) begin
    update feed set user_name_folded = new.user_name_folded where user_id = new.user_id;
    update videos set version = version + 1 where video_id in (select video_id from feed where user_id = new.user_id);
end;
CREATE TRIGGER users_change after update of user_name, avatar_url on users
when new.user_name <> old.user_name or new.avatar_url <> old.avatar_url begin
    update videos set version = version + 1 where user_id = new.user_id
        or video_id in (select video_id from feed where user_id = new.user_id);
end;
CREATE TRIGGER files_come after insert on files begin
    update videos set version = version + 1 where video_id = new.video_id;
end;
CREATE TRIGGER files_change after update on files begin
    update videos set version = version + 1 where video_id in (old.video_id, new.video_id);
end;
CREATE TRIGGER files_go after delete on files begin
    update videos set version = version + 1 where video_id = old.video_id;
end;
CREATE TRIGGER pairs_come after insert on files when new.kind in ('common', 'narrow') begin
    
    update sums set value = value + coalesce((
        select sum(iif(new.kind = 'narrow', new.size, other.size)) from files other where other.video_id = new.video_id
            and other.kind = iif(new.kind = 'common', 'narrow', 'common')
            and other.width = new.width and other.height = new.height
    ), 0) where name = 'narrow_bytes';
    update sums set value = value + coalesce((
        select sum(iif(new.kind = 'common', new.size, other.size)) from files other where other.video_id = new.video_id
            and other.kind = iif(new.kind = 'common', 'narrow', 'common')
            and other.width = new.width and other.height = new.height
    ), 0) where name = 'narrow_bytes_plain';

end;
CREATE TRIGGER pairs_go after delete on files when old.kind in ('common', 'narrow') begin
    
    update sums set value = value - coalesce((
        select sum(iif(old.kind = 'narrow', old.size, other.size)) from files other where other.video_id = old.video_id
            and other.kind = iif(old.kind = 'common', 'narrow', 'common')
            and other.width = old.width and other.height = old.height
    ), 0) where name = 'narrow_bytes';
    update sums set value = value - coalesce((
        select sum(iif(old.kind = 'common', old.size, other.size)) from files other where other.video_id = old.video_id
            and other.kind = iif(old.kind = 'common', 'narrow', 'common')
            and other.width = old.width and other.height = old.height
    ), 0) where name = 'narrow_bytes_plain';

end;
CREATE TRIGGER pairs_change before update of video_id, kind, size, width, height on files begin
    select raise(abort, 'a file is not changed but replaced');
end;
CREATE TRIGGER videos_change after update of
    video_id, title, description, duration, size, width, height, created, cate_id, cate_name, tags, share_url, user_id,
    status, censor_status, transcode_status, narrow_transcode_status, snapshot_status, media_key
on videos begin
    update videos set version = version + 1 where seq = new.seq;
end;
CREATE INDEX jobs_by_end on jobs (state, finished);
CREATE INDEX jobs_by_kind on jobs (kind, state, finished);
CREATE UNIQUE INDEX tokens_by_name on sessions (account_id, name) where name <> '';
CREATE INDEX history_by_actor on history (actor, id);
CREATE INDEX history_by_time on history (at, id);
CREATE TRIGGER jobs_counted_in after insert on jobs begin
    insert into job_counts values (new.kind, new.state, 1) on conflict do update set count = count + 1; end;
CREATE TRIGGER jobs_counted_out after delete on jobs begin
    update job_counts set count = count - 1 where kind = old.kind and state = old.state; end;
CREATE TRIGGER jobs_counted_from after update of state on jobs begin
    update job_counts set count = count - 1 where kind = old.kind and state = old.state; end;
CREATE TRIGGER jobs_counted_to after update of state on jobs begin
    insert into job_counts values (new.kind, new.state, 1) on conflict do update set count = count + 1; end;
CREATE INDEX jobs_waiting on jobs (kind, created) where state = 'queued';
CREATE INDEX cloud_jobs_by_job on cloud_jobs (job_id);
CREATE INDEX cloud_jobs_by_video on cloud_jobs (video_id);
CREATE INDEX cloud_events_by_due on cloud_events (due);
CREATE INDEX cloud_events_by_target on cloud_events (target, type);
CREATE INDEX cloud_pushes_by_job on cloud_pushes (job_id);
CREATE INDEX cloud_pushes_by_day on cloud_pushes (day);
CREATE INDEX trash_by_time on trash (deleted);
CREATE INDEX trash_by_end on trash (until);
CREATE INDEX history_by_action on history (action, id);
CREATE INDEX history_by_way on history (way, id);
CREATE TRIGGER videos_reword after update of title_folded, user_id, censor_status, cate_id on videos
when new.title_folded <> old.title_folded or new.user_id <> old.user_id or new.censor_status <> old.censor_status or new.cate_id <> old.cate_id begin
    insert into videos_reworded values (old.seq, true, iif(new.title_folded <> old.title_folded, old.title_folded, null), iif(new.user_id <> old.user_id, (select user_name_folded from users where user_id = old.user_id), null), iif(new.user_id <> old.user_id, old.user_id, null), iif(new.censor_status <> old.censor_status, old.censor_status, null), iif(new.cate_id <> old.cate_id, old.cate_id, null));
    insert into videos_reworded values (new.seq, false, iif(new.title_folded <> old.title_folded, new.title_folded, null), iif(new.user_id <> old.user_id, (select user_name_folded from users where user_id = new.user_id), null), iif(new.user_id <> old.user_id, new.user_id, null), iif(new.censor_status <> old.censor_status, new.censor_status, null), iif(new.cate_id <> old.cate_id, new.cate_id, null));
end;
CREATE TRIGGER feed_reword after update of user_name_folded on feed
when new.user_name_folded <> old.user_name_folded begin
    insert into feed_reworded (seq, gone, user_name_folded) values (old.seq, true, old.user_name_folded);
    insert into feed_reworded (seq, gone, user_name_folded) values (new.seq, false, new.user_name_folded);
end;
CREATE TRIGGER users_reword after update of user_name_folded on users
when new.user_name_folded <> old.user_name_folded begin
    insert into videos_reworded (seq, gone, user_name_folded)
        select seq, true, old.user_name_folded from videos where user_id = new.user_id;
    insert into videos_reworded (seq, gone, user_name_folded)
        select seq, false, new.user_name_folded from videos where user_id = new.user_id;
    update feed set user_name_folded = new.user_name_folded where user_id = new.user_id;
end;
