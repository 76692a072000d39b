// Signs in, lists and uploads with the generated client: node try_console.js ADDRESS NAME PASSWORD CLIP

import { Configuration, UserApi, VodApi } from './client/index';

declare const process: { argv: string[] };
declare function require(name: string): any;

async function main([address, userName, password, clip]: string[]): Promise<void> {
  const basePath = address;
  const signedIn = await new UserApi(new Configuration({ basePath })).login({ loginBody: { userName, password } });
  const vod = new VodApi(new Configuration({ basePath, accessToken: signedIn.data!.consoleToken }));
  const before = await vod.getVideos({ pageSize: 5 });
  const file = new File([require('node:fs').readFileSync(clip)], '海边.mp4', { type: 'video/mp4' });
  const uploaded = await vod.uploadVideo({ file, tags: '海,travel' });
  const after = await vod.getVideos({ title: '海边' });
  const [video] = after.data!.videoList;
  console.log(JSON.stringify({
    codes: [signedIn.code, before.code, uploaded.code, after.code],
    totals: [before.data!.total, after.data!.total],
    sameVideo: video.videoId === uploaded.data!.videoId,
    title: video.title, tags: video.tags, duration: video.duration, size: video.size, user: video.user.userName,
    lists: [video.snapshotList.length, video.fileUrlList.length],
  }));
}

main(process.argv.slice(2));
