-- What the figures leave out.
SELECT format('另有%s人出生日期不详，计入总人口，未计入年龄分组。', sum(age_unknown)) AS note
  FROM facts
HAVING sum(age_unknown) > 0
