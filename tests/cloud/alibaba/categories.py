"""VOD's categories: a tree of three levels, whose names the videos carry."""

from __future__ import annotations

from tests.cloud.alibaba.refusal import Refusal, need

ROOT = -1
MAX_LEVEL, MAX_BELOW, MAX_NAME_BYTES = 2, 100, 64


class Categories:
    """The part of VOD that knows categories."""

    def __init__(self) -> None:
        self.categories = {1: {"CateId": 1, "CateName": "pets", "ParentId": ROOT, "Level": 0, "Type": "default"}}

    def put_category(self, name: str, parent: int = ROOT) -> int:
        """Make a category in VOD's own console."""
        return self.AddCategory({"CateName": name, "ParentId": str(parent)})["Category"]["CateId"]

    def AddCategory(self, parameters):
        (name,) = need(parameters, "CateName")
        parent = int(parameters.get("ParentId") or ROOT)
        self._check_category_name(name)
        level = 0 if parent == ROOT else self._category(parent)["Level"] + 1
        if level > MAX_LEVEL:
            raise Refusal(400, "LevelExceededMax", "The level of categories exceeded maximum.")
        if len(self._below(parent)) >= MAX_BELOW:
            raise Refusal(400, "SubTotalExceededMax", "The total of sub categories exceeded maximum.")
        cate_id = 1_000_126_087 + len(self.categories)
        made = {"CateId": cate_id, "CateName": name, "ParentId": parent, "Level": level, "Type": "default"}
        self.categories[cate_id] = made
        return {"Category": made}

    def UpdateCategory(self, parameters):
        cate_id, name = need(parameters, "CateId", "CateName")
        self._check_category_name(name)
        self._category(int(cate_id))["CateName"] = name
        for video in self.videos.values():
            if video["CateId"] == int(cate_id):
                video["CateName"] = name
        return {}

    def DeleteCategory(self, parameters):
        gone = [int(*need(parameters, "CateId"))]
        self._category(gone[0])
        for parent in gone:
            gone += [one["CateId"] for one in self._below(parent)]
        for cate_id in gone:
            del self.categories[cate_id]
        for video in self.videos.values():
            if video["CateId"] in gone:
                video |= {"CateId": 0, "CateName": ""}
        return {}

    def GetCategories(self, parameters):
        parent = int(parameters.get("CateId") or ROOT)
        page, size = int(parameters.get("PageNo", 1)), int(parameters.get("PageSize", 10))
        if size > 100:
            raise Refusal(400, "InvalidParameter", "The specified PageSize is invalid.")
        found = self._below(parent)
        shown = [{**one, "SubTotal": len(self._below(one["CateId"]))} for one in found[(page - 1) * size : page * size]]
        answer = {"SubTotal": len(found), "SubCategories": {"Category": shown}}
        return answer if parent == ROOT else {"Category": self._category(parent), **answer}

    def category_of(self, parameters):
        """Return the fields of a video that a CateId among the parameters stands for."""
        if not parameters.get("CateId") or int(parameters["CateId"]) == ROOT:
            return {"CateId": 0, "CateName": ""}
        found = self._category(int(parameters["CateId"]))
        return {"CateId": found["CateId"], "CateName": found["CateName"]}

    def _category(self, cate_id):
        if cate_id not in self.categories:
            raise Refusal(404, "InvalidCateId.NotFound", "The CateId not exist.")
        return self.categories[cate_id]

    def _below(self, parent):
        return [one for one in self.categories.values() if one["ParentId"] == parent]

    def _check_category_name(self, name):
        self._check_text({"CateName": name}, CateName=MAX_NAME_BYTES)
